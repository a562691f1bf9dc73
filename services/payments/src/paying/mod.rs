//! How an order is paid, step by step. Each step is committed before the next one asks anybody, and no
//! lock or transaction is held while Stripe or orders is asked:
//!
//! 1. Orders grants a lease: it keeps the tickets, and says what is to be paid ([`orders`]).
//! 2. The attempt is written, so that there is one at a time ([`begin`]).
//! 3. The `PaymentIntent` and the payment method are made; that the attempt may be charged is written
//!    ([`attempt`]).
//! 4. Stripe confirms the `PaymentIntent`: the one step that costs the buyer money ([`attempt`]).
//! 5. Orders is told of the success, then it is written with its event ([`conclude`]).
//!
//! What nearly all payments write on their way is written together with others' ([`writer`]).
//!
//! Whoever stops in between leaves a payment that is due: it is looked at and goes on ([`look`]).

mod attempt;
mod begin;
mod conclude;
mod due;
pub mod look;
mod orders;
mod refund;
pub mod show;
mod stages;
mod under_way;
pub mod webhook;
pub mod writer;

use std::sync::Arc;

use ticketing_messaging::Wake;
use ticketing_postgres::Pool;
use ticketing_runtime::Clock;
use tokio::sync::Notify;

use crate::gateway::Stripe;

pub use begin::Outcome;
pub use due::Patience;
pub use orders::Orders;
pub use under_way::UnderWay;
pub use writer::Writer;

/// Payments, for their buyers and for whoever looks after them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Paying {
    /// The schema.
    pub pool: Pool,
    /// What is written together.
    pub writer: Writer,
    /// What this instance is at.
    pub under_way: UnderWay,
    /// Who keeps the tickets.
    pub orders: Orders,
    /// Who charges.
    pub stripe: Stripe,
    /// The time.
    pub clock: Clock,
    /// What publishes events.
    pub wake: Wake,
    /// Says that a payment is due.
    pub bell: Arc<Notify>,
    /// This instance.
    pub instance: Arc<str>,
    /// How long things may take.
    pub patience: Patience,
}
