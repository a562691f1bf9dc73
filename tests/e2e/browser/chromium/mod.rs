//! A real Chromium, driven by its own chromedriver: what a person sees and does, and what they should
//! never find.

mod acting;
mod audit;
mod browser;
mod log;
mod picture;
mod seeing;
mod session;
mod settings;
mod view;
mod witness;

pub use browser::Browser;
pub use seeing::Kind;
pub use settings::Chromium;
