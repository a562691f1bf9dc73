//! The stream `payments`: what becomes of a buyer's money. Published by payments.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Snapshot;
use crate::{
    ids::{OrderId, PaymentId, UserId},
    money::Currency,
};

crate::stream! {
    /// What becomes of an order's payment.
    pub enum PaymentEvent: stream "payments", groups ["orders"] {
        /// The buyer has paid.
        Created(Payment): "payment:created", heard by ["orders", "web"],
        /// The buyer has to do something, or what became of an attempt is not known yet.
        Pending(Payment): "payment:pending", heard by ["orders", "web"],
        /// An attempt failed for certain: nothing was charged.
        Failed(Payment): "payment:failed", heard by ["orders", "web"],
        /// The buyer has the money back.
        Refunded(Payment): "payment:refunded", heard by ["orders", "web"],
    }
}

/// The payment of an order. The event's type says how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Never changes.
    pub id: PaymentId,
    /// What is paid, and the event's subject.
    pub order_id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// The order's total, in minor units of `currency`.
    pub amount: i64,
    /// What `amount` is counted in.
    pub currency: Currency,
    /// Stripe's `PaymentIntent` (`pi_…`), one per order.
    pub stripe_id: String,
    /// Rises with every event about the order's payment.
    pub version: i64,
    /// Why it is pending, failed or was refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PaymentReason>,
}

/// Why a payment is not simply made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentReason {
    /// Pending: the buyer has to confirm it (3-D Secure).
    RequiresAction,
    /// Pending: Stripe has not answered yet, or not clearly.
    Unconfirmed,
    /// Failed: the card was declined.
    Declined,
    /// Failed: the buyer did not confirm it.
    NotAuthenticated,
    /// Failed: Stripe could not be asked to charge anything.
    Unavailable,
    /// Failed or refunded: the order had ended.
    OrderEnded,
    /// One that this version of the program does not know. What became of the money is in the event's
    /// type, so that a new reason must not hold it up.
    #[serde(other)]
    Other,
}

impl Snapshot for Payment {
    fn subject(&self) -> Uuid {
        self.order_id.0
    }

    fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::events::{Event, forms};

    fn payment(version: i64, reason: Option<PaymentReason>) -> Payment {
        Payment {
            id: forms::id(3),
            order_id: forms::id(2),
            user_id: forms::id(8),
            amount: 21_00,
            currency: Currency::USD,
            stripe_id: "pi_3MtwBwLkdIwHu7ix28a3tqPa".into(),
            version,
            reason,
        }
    }

    #[test]
    fn events() {
        let events = [
            PaymentEvent::Created(payment(3, None)),
            PaymentEvent::Pending(payment(1, Some(PaymentReason::RequiresAction))),
            PaymentEvent::Failed(payment(2, Some(PaymentReason::Declined))),
            PaymentEvent::Refunded(payment(4, Some(PaymentReason::OrderEnded))),
        ];
        forms::check(&events, &["reason"]);
        for (event, version) in events.iter().zip([3, 1, 2, 4]) {
            assert_eq!(event.subject(), forms::id::<OrderId>(2).0);
            assert_eq!(event.version(), version);
        }
    }

    #[rstest]
    #[case("requires-action", PaymentReason::RequiresAction)]
    #[case("unconfirmed", PaymentReason::Unconfirmed)]
    #[case("declined", PaymentReason::Declined)]
    #[case("not-authenticated", PaymentReason::NotAuthenticated)]
    #[case("unavailable", PaymentReason::Unavailable)]
    #[case("order-ended", PaymentReason::OrderEnded)]
    #[case("struck-by-lightning", PaymentReason::Other)]
    fn reasons(#[case] text: &str, #[case] reason: PaymentReason) {
        let read: PaymentReason = serde_json::from_value(text.into()).unwrap();
        assert_eq!(read, reason);
        if reason != PaymentReason::Other {
            assert_eq!(serde_json::to_value(reason).unwrap(), text);
        }
    }
}
