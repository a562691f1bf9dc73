//! The HTTP API's JSON forms, one file per service.

pub mod auth;
pub mod orders;
pub mod payments;
pub mod problem;
pub mod tickets;
