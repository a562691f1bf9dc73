//! Service discovery on a real Consul agent.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod resolve;
