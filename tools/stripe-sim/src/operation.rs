//! Stripe's operations that are simulated: how they are counted, and how a fault names them.

use serde::{Deserialize, Serialize};

/// One of Stripe's routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A new `PaymentIntent`.
    Create,
    /// A `PaymentIntent` as it is.
    Retrieve,
    /// Charges.
    Confirm,
    /// Ends a `PaymentIntent`.
    Cancel,
    /// A new payment method.
    PaymentMethod,
    /// A new token.
    Token,
    /// A new refund.
    Refund,
    /// A payment's refunds.
    ListRefunds,
    /// A refund as it is.
    RetrieveRefund,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Retrieve,
        Self::Confirm,
        Self::Cancel,
        Self::PaymentMethod,
        Self::Token,
        Self::Refund,
        Self::ListRefunds,
        Self::RetrieveRefund,
    ];

    /// Method and path.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::Create => "POST /v1/payment_intents",
            Self::Retrieve => "GET /v1/payment_intents/{id}",
            Self::Confirm => "POST /v1/payment_intents/{id}/confirm",
            Self::Cancel => "POST /v1/payment_intents/{id}/cancel",
            Self::PaymentMethod => "POST /v1/payment_methods",
            Self::Token => "POST /v1/tokens",
            Self::Refund => "POST /v1/refunds",
            Self::ListRefunds => "GET /v1/refunds",
            Self::RetrieveRefund => "GET /v1/refunds/{id}",
        }
    }
}
