//! What breaks does so where it should, and comes back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod link;
mod ports;
mod postgres;
mod process;
mod redis;
