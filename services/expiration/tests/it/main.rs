//! expiration, against a real Redis.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dead_letters;
mod faults;
mod firing;
mod harness;
mod observing;
mod process;
mod start;
