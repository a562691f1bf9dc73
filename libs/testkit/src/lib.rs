//! Real engines for tests: Postgres, Redis, Consul and stripe-mock on free ports, a schema per test, a
//! clock to set; and what goes wrong with them: a link that breaks, a process that is killed.
//!
//! A test binary starts each engine at most once, when first needed. Engines end with the process
//! that asked for them, however it ends: see [`engine`].

pub mod api_md;
pub mod clock;
pub mod consul;
pub mod database;
pub mod engine;
pub mod link;
mod machine;
pub mod poll;
mod postgres;
pub mod process;
pub mod redis;
mod stripe_mock;

pub use clock::ManualClock;
pub use consul::Consul;
pub use database::TestDatabase;
pub use link::Link;
pub use poll::{eventually, eventually_within};
pub use postgres::Postgres;
pub use process::Process;
pub use redis::{Redis, connect_patiently};
pub use stripe_mock::StripeMock;
