//! What an order can be, in the HTTP API and in events alike.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// It holds its tickets and can be paid.
    Created,
    /// It holds its tickets while a payment is under way.
    #[serde(rename = "awaiting:payment")]
    AwaitingPayment,
    /// Paid; the tickets are the buyer's.
    Complete,
    /// Over; the tickets are free again. There is a [`CancelReason`].
    Cancelled,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CancelReason {
    /// The buyer wanted so.
    Buyer,
    /// It was not paid in time.
    Expired,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(OrderStatus::Created, "created")]
    #[case(OrderStatus::AwaitingPayment, "awaiting:payment")]
    #[case(OrderStatus::Complete, "complete")]
    #[case(OrderStatus::Cancelled, "cancelled")]
    fn statuses(#[case] status: OrderStatus, #[case] text: &str) {
        assert_eq!(serde_json::to_value(status).unwrap(), text);
        let read: OrderStatus = serde_json::from_value(text.into()).unwrap();
        assert_eq!(read, status);
    }

    #[rstest]
    #[case(CancelReason::Buyer, "buyer")]
    #[case(CancelReason::Expired, "expired")]
    fn reasons(#[case] reason: CancelReason, #[case] text: &str) {
        assert_eq!(serde_json::to_value(reason).unwrap(), text);
        let read: CancelReason = serde_json::from_value(text.into()).unwrap();
        assert_eq!(read, reason);
    }
}
