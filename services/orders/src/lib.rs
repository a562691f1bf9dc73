//! orders: what buyers hold, and what has been sold.
//!
//! Read it downward: [`routes`] → [`handlers`], [`listeners`] → [`orders`], [`offers`] → [`reservation`] →
//! [`domain`], [`store`].

pub mod app;
pub mod config;
pub mod domain;
pub mod error;
pub mod handlers;
pub mod listeners;
pub mod messaging;
pub mod offers;
pub mod openapi;
pub mod orders;
pub mod reservation;
pub mod resync;
pub mod routes;
pub mod sales;
pub mod store;

/// The service's name: its schema, its Consul service, its Nomad job.
pub const SERVICE: &str = "orders";
