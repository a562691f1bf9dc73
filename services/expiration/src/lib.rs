//! expiration: makes holds end promptly.
//!
//! It hears of orders ([`listener`]) and keeps their deadlines in a sorted set of Redis ([`deadlines`]);
//! what falls due it takes out and publishes in one step ([`publisher`]). It has no tables: when Redis
//! loses everything, orders publishes its open orders again. Nothing depends on it but promptness: a
//! hold whose time is over can be bought whether this runs or not.
//!
//! # Whose clock
//!
//! A deadline is due by the clock of the instance that looks. It was set by Postgres' clock, and orders
//! honours an `expiration:complete` when its `releaseAt` is still the order's, without asking a clock. So
//! a hold ends early by as much as the fastest instance's clock is ahead of Postgres': the machines'
//! clocks must be kept together (NTP), and then it is milliseconds of fifteen minutes. Nothing is sold
//! twice by it: whoever pays asks orders for a lease first, and either that or the end of the hold
//! comes first under the lock.

pub mod app;
pub mod bell;
pub mod catch_up;
pub mod config;
pub mod connection;
pub mod dead_letters;
pub mod deadlines;
pub mod dlq;
pub mod listener;
pub mod publisher;
pub mod upkeep;

/// The service's name: its consumer group, its Consul service, its Nomad job.
pub const SERVICE: &str = "expiration";
