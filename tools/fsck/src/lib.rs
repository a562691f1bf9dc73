//! Proves that nothing is lost, oversold or stuck: reads every schema, Redis, and the payment simulator if there is one.
//!
//! Each [`Invariant`](invariant::Invariant) either holds in every snapshot, whatever runs, and one
//! look tells; or it holds at rest, once relays and consumers have caught up. Those are looked at again and
//! again, each time in a snapshot of its own, and only what stays wrong is a breach
//! ([`patience`]).
//!
//! Read it downward: [`run`] → [`store`] (the only SQL) → [`checks`] (pure) → [`report`].

pub mod checks;
pub mod config;
pub mod invariant;
pub mod patience;
pub mod report;
pub mod run;
pub mod store;

pub use run::run;
