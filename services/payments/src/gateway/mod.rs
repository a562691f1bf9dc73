//! Stripe: what payments asks of it, and what its answers mean.
//!
//! The requests and the answers are async-stripe's types; the client under them is ours ([`client`]),
//! because async-stripe's own opens a connection for each request and waits for ever. What an answer says
//! about the buyer's money is decided here and nowhere else: [`Fault`] tells what surely did not happen from
//! what nobody knows.

mod client;
mod settings;
mod stripe;

pub use settings::StripeSettings;
pub use stripe::{Intent, IntentState, NewIntent, Stripe, StripeRefund};

/// Stripe did not do what it was asked, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The card's bank said no. Nothing was charged.
    #[error("declined: {message}")]
    Declined {
        /// Stripe's words for the buyer.
        message: String,
        /// The bank did not believe that it was the card's owner.
        authentication: bool,
    },
    /// The request makes no sense to Stripe. Nothing was done.
    #[error("refused: {message}")]
    Refused {
        /// Stripe's name of the error.
        code: String,
        /// Stripe's words for a developer.
        message: String,
    },
    /// The `PaymentIntent` is in a state in which that can't be done: it has succeeded, say.
    #[error("the PaymentIntent is in another state")]
    AnotherState,
    /// Stripe was not asked, or did not begin to do it. Nothing was done.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Stripe failed after it had begun. The same request repeats this answer.
    #[error("Stripe failed: {0}")]
    Failed(String),
    /// There was no answer, or none that tells. Whatever was asked for may happen still.
    #[error("no clear answer: {0}")]
    Unclear(String),
}

impl Fault {
    /// Whether it would be the same if it were tried again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Declined { .. } | Self::Refused { .. })
    }
}
