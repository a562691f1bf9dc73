//! Events that are not lost.
//!
//! A service that changes its tables appends an event to its [`outbox`] in the same transaction. The
//! [`relay`] of that service publishes it to a Redis Stream, in order, at least once. A
//! [`consumer`] of each listening service hands it to a handler in one transaction with the
//! [`inbox`], so that its effect takes place exactly once. What can't be handled becomes a
//! [`dead_letter`]. Redis carries and may lose everything: Postgres has it.
//!
//! What holds at every moment, whatever is killed:
//!
//! 1. An event whose transaction committed is in the outbox until every declared group has
//!    acknowledged it.
//! 2. Entries are appended by a script that compares the stream's last id with what the relay
//!    expects, so that neither a second relay nor a Redis that lost its tail goes unnoticed.
//! 3. An event's effect and its id in the inbox are committed together.
//! 4. An entry is acknowledged after that commit, never before.

pub mod command;
pub mod connection;
pub mod consumer;
pub mod dead_letter;
pub mod envelope;
pub mod group;
pub mod inbox;
pub mod migrations;
pub mod outbox;
pub mod relay;
mod resp;
pub mod resync;
pub mod schedule;
pub mod stamp;
pub mod stream;
pub mod tail;
pub mod trim;
pub mod upkeep;
pub mod wake;
mod wire;

pub use envelope::{Delivery, Envelope};
pub use migrations::migrations;
pub use outbox::append;
pub use stamp::Stamp;
pub use wake::Wake;
