//! The HTTP side every service shares: problems, sessions, request checks, metrics and the admin
//! port.

pub mod admin;
pub mod cross_site;
pub mod extract;
pub mod forwarded;
pub mod idempotency;
pub mod internal;
pub mod listeners;
pub mod observe;
pub mod problem;
pub mod server;
pub mod session;

pub use extract::Json;
pub use forwarded::Visitor;
pub use listeners::Listeners;
pub use problem::Problem;
pub use session::Session;
