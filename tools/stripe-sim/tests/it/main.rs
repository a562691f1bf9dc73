//! The payment simulator over HTTP.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod bad_input;
mod browser;
mod cards;
mod control;
mod faults;
mod forms;
mod harness;
mod idempotency;
mod intents;
mod journal;
mod process;
mod refunds;
mod webhooks;
