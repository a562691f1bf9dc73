//! Tests against the real stack: `just test-e2e` starts one on ports of its own for them.
//!
//! They share that stack and change it (instances are scaled and killed), so they run one by one. A
//! service's tests are in the folder of its name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auth;
mod browser;
mod expiration;
mod faults;
mod harness;
mod orders;
mod payments;
mod platform;
mod tickets;
