//! auth: users and sessions.
//!
//! Read it downward: [`routes`] → [`handlers`] → [`accounts`] → [`domain`], [`store`].

pub mod accounts;
pub mod app;
pub mod config;
pub mod domain;
pub mod error;
pub mod handlers;
pub mod limits;
pub mod openapi;
pub mod passwords;
pub mod routes;
pub mod store;

#[cfg(test)]
mod test_keys;

/// The service's name: its schema, its Consul service, its Nomad job.
pub const SERVICE: &str = "auth";
