//! What was found out about an attempt, from Stripe's answer or from what Stripe has.

use super::Failure;

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The buyer is charged.
    Succeeded,
    /// The buyer has to confirm it.
    RequiresAction {
        /// What the browser needs for that.
        client_secret: String,
    },
    /// Nothing was charged, for certain.
    Failed(Failure),
    /// Nobody knows yet.
    Unknown,
    /// Stripe will charge nothing for it any more.
    Canceled,
}
