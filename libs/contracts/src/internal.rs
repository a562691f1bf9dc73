//! What services ask each other directly, on their admin ports, with the calling service's token:
//! questions whose answer must not lag, as an event would.
//!
//! | of | route | asked by | body | answer |
//! |---|---|---|---|---|
//! | tickets | `GET /internal/tickets/{id}` | orders | | 200 [`tickets::Ticket`], 404 |
//! | orders | `GET /internal/tickets/{id}/inventory` | tickets | | 200 [`orders::Inventory`], 404 when it has never heard of it |
//! | orders | `POST /internal/tickets/{id}/close` | tickets | [`tickets::Ticket`] | 204, again 204; 409 while anything is held or sold |
//! | orders | `POST /internal/orders` | payments | [`OrderRequests`] | 200 with an [`OrderAnswer`] to each, in their order |
//!
//! [`tickets::Ticket`]: crate::events::tickets::Ticket
//! [`orders::Inventory`]: crate::events::orders::Inventory

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{OrderId, PaymentId, UserId},
    money::Currency,
};

/// The most that is asked at once.
pub const MOST_AT_ONCE: usize = 64;

/// What payments that go on at the same time want of their orders. They are answered together, and each
/// for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(transparent)]
pub struct OrderRequests(#[garde(length(min = 1, max = MOST_AT_ONCE))] pub Vec<OrderRequest>);

/// What a payment wants of its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    /// The order.
    pub order_id: OrderId,
    /// The trace that it belongs to, as in a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What.
    #[serde(flatten)]
    pub wish: Wish,
}

/// What can be wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    tag = "wish"
)]
pub enum Wish {
    /// A payment is about to be confirmed: keep the tickets until its outcome can be known. Answered
    /// with [`OrderAnswer::Leased`]; refused with 403, 404 or 409.
    Lease {
        /// Who wants to pay; only the buyer may.
        user_id: UserId,
        /// The buyer has to confirm it with the bank, which takes minutes and not seconds.
        #[serde(default)]
        by_hand: bool,
    },
    /// The payment failed for certain: the order can be paid otherwise, until it expires. Answered with
    /// [`OrderAnswer::GivenBack`], for a lease that is over as well; refused with 404.
    GiveBack {
        /// The lease's number; another one, which a second attempt was given, is left alone.
        lease: i64,
    },
    /// The payment succeeded. Answered with [`OrderAnswer::Settled`]; refused with 404.
    Settle {
        /// Which payment.
        payment_id: PaymentId,
    },
}

/// What came of an [`OrderRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum OrderAnswer {
    /// The tickets are kept.
    Leased(Lease),
    /// They are not, by this lease.
    GivenBack,
    /// What becomes of the payment.
    Settled(Settled),
    /// It can't be, and nothing was changed.
    Refused {
        /// 400 to 499, as if it had been asked alone.
        status: u16,
        /// In words for a person.
        message: String,
    },
    /// It could not be done, or nobody knows whether it was.
    Failed {
        /// 500 or more.
        status: u16,
    },
}

/// The order's tickets are kept for a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Which lease of the order this is: the first is 1.
    pub number: i64,
    /// Until when they are kept, by the database's clock.
    #[serde(with = "crate::time")]
    pub release_at: DateTime<Utc>,
    /// What is to be paid, in minor units of `currency`.
    pub amount: i64,
    /// What `amount` is counted in.
    pub currency: Currency,
}

/// What became of a payment that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Settled {
    /// The order is complete, now or before.
    Complete,
    /// It came too late and the tickets are gone: the money goes back.
    RefundDue,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::forms;

    #[test]
    fn forms() {
        let lease = Lease {
            number: 2,
            release_at: forms::time("2026-11-21T15:38:41.250Z"),
            amount: 26_50,
            currency: Currency::USD,
        };
        let request = |wish, traceparent: Option<&str>| OrderRequest {
            order_id: forms::id(4),
            traceparent: traceparent.map(str::to_owned),
            wish,
        };
        let asked = OrderRequests(vec![
            request(
                Wish::Lease {
                    user_id: forms::id(8),
                    by_hand: true,
                },
                Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ),
            request(Wish::GiveBack { lease: 2 }, None),
            request(
                Wish::Settle {
                    payment_id: forms::id(3),
                },
                None,
            ),
        ]);
        let answered = [
            OrderAnswer::Leased(lease),
            OrderAnswer::GivenBack,
            OrderAnswer::Settled(Settled::Complete),
            OrderAnswer::Settled(Settled::RefundDue),
            OrderAnswer::Refused {
                status: 409,
                message: "The order has expired".to_owned(),
            },
            OrderAnswer::Failed { status: 503 },
        ];
        insta::assert_json_snapshot!("asked", asked);
        insta::assert_json_snapshot!("answered", answered);
        let again = serde_json::to_value(&asked).unwrap();
        assert_eq!(
            serde_json::from_value::<OrderRequests>(again).unwrap(),
            asked
        );
        let again = serde_json::to_value(&answered).unwrap();
        let again: Vec<OrderAnswer> = serde_json::from_value(again).unwrap();
        assert_eq!(again, answered);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        let one = OrderRequest {
            order_id: forms::id(4),
            traceparent: None,
            wish: Wish::GiveBack { lease: 1 },
        };
        for (count, good) in [
            (0, false),
            (1, true),
            (MOST_AT_ONCE, true),
            (MOST_AT_ONCE + 1, false),
        ] {
            let requests = OrderRequests(vec![one.clone(); count]);
            assert_eq!(requests.validate().is_ok(), good, "{count}");
        }
    }
}
