//! tickets over HTTP and over its stream, on a real Postgres and a real Redis.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod create;
mod docs;
mod edit;
mod events;
mod harness;
mod health;
mod idempotency;
mod inventory_updated;
mod list;
mod migrations;
mod offer;
mod outages;
mod process;
mod resync;
mod search;
mod show;
mod withdraw;
