//! tickets: what sellers put up.
//!
//! Read it downward: [`routes`] → [`handlers`] → [`selling`], [`browsing`] → [`domain`], [`store`]. What
//! orders report comes in by [`listeners`].

pub mod app;
pub mod browsing;
pub mod config;
pub mod domain;
pub mod error;
pub mod handlers;
pub mod listeners;
pub mod openapi;
pub mod representation;
pub mod resync;
pub mod routes;
pub mod selling;
pub mod store;

/// The service's name: its schema, its Consul service, its Nomad job, its consumer group.
pub const SERVICE: &str = "tickets";
