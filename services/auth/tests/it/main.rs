//! auth over HTTP, on a real Postgres and a real Redis.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod current_user;
mod docs;
mod harness;
mod health;
mod jwks;
mod limits;
mod migrations;
mod outages;
mod process;
mod shutdown;
mod sign_in;
mod sign_out;
mod sign_up;
