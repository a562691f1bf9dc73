//! What the services say to each other and to the world: ids, money, events and the JSON forms of the
//! HTTP API.
//!
//! No I/O and no framework lives here. Every JSON form has a snapshot test, so that a change of
//! the contract is a change of a reviewed file.

pub mod api;
pub mod events;
pub mod ids;
pub mod internal;
pub mod money;
pub mod order;
pub mod time;

#[doc(hidden)]
pub use events::stream::__private;
