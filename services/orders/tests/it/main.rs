//! orders over HTTP and by its events, on a real Postgres and a real Redis.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod cancel;
mod caps;
mod create;
mod docs;
mod expirations;
mod harness;
mod health;
mod idempotency;
mod internal;
mod list;
mod migrations;
mod neighbours;
mod outages;
mod payments;
mod prices;
mod process;
mod resync;
mod rush;
mod sales;
mod show;
mod shutdown;
mod tickets;
mod unknown_tickets;
mod wipe;
