//! The HTTP side every service shares: its start and end, problems, sessions, request checks, metrics and
//! the admin port.

pub mod admin;
pub mod application;
pub mod cookies;
pub mod cross_site;
pub mod extract;
pub mod forwarded;
pub mod idempotency;
pub mod internal;
pub mod listeners;
pub mod neighbours;
pub mod observe;
pub mod problem;
pub mod server;
pub mod session;

pub use application::{Application, Parts, Service};
pub use cookies::cookie;
pub use extract::Json;
pub use forwarded::Visitor;
pub use listeners::Listeners;
pub use problem::Problem;
pub use session::Session;
