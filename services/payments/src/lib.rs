//! payments: orders are paid by Stripe, or the money goes back.
//!
//! Read it downward: [`routes`] → [`handlers`] → [`paying`] → [`domain`], [`store`], [`gateway`]. What orders
//! tells comes in by [`listeners`], what was left halfway is found by [`reconciler`].

pub mod app;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateway;
pub mod handlers;
pub mod listeners;
pub mod messaging;
pub mod openapi;
pub mod paying;
pub mod reconciler;
pub mod resync;
pub mod routes;
pub mod signature;
pub mod store;

/// The service's name: its schema, its Consul service, its Nomad job, its consumer group.
pub const SERVICE: &str = "payments";
