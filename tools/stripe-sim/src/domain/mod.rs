//! What Stripe decides: pure. Snapshots go in, the next snapshots come out; no clock, no I/O.

pub mod card;
pub mod charge;
pub mod currency;
pub mod entry;
pub mod error;
pub mod event;
pub mod id;
pub mod payment_intent;
pub mod payment_method;
pub mod refund;
