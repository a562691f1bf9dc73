//! What messaging must survive, on real engines: what was sent and what took effect are counted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod consumer;
mod controls;
mod dlq;
mod harness;
mod hears;
mod metrics;
mod migrations;
mod model;
mod partitions;
mod poison;
mod postgres_faults;
mod redis_faults;
mod relay;
mod resync;
mod schedule;
mod tail;
mod trim;
