//! The database side on a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod pool;
mod roles;
mod transactions;
