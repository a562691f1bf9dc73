//! fsck, on real engines with the services' own tables.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaches;
mod harness;
mod moving;
mod process;
mod simulator;
