//! What services ask each other directly, on their admin ports, with the calling service's token:
//! questions whose answer must not lag, as an event would.
//!
//! | of | route | asked by | body | answer |
//! |---|---|---|---|---|
//! | tickets | `GET /internal/tickets/{id}` | orders | | 200 [`tickets::Ticket`], 404 |
//! | orders | `GET /internal/tickets/{id}/inventory` | tickets | | 200 [`orders::Inventory`], 404 when it has never heard of it |
//! | orders | `POST /internal/tickets/{id}/close` | tickets | [`tickets::Ticket`] | 204, again 204; 409 while anything is held or sold |
//! | orders | `POST /internal/orders/{id}/lease` | payments | [`LeaseRequest`] | 200 [`Lease`]; 403, 404, 409 |
//! | orders | `POST /internal/orders/{id}/give-back` | payments | [`GiveBack`] | 204, for a lease that is over as well; 404 |
//! | orders | `POST /internal/orders/{id}/settle` | payments | [`Settle`] | 200 [`Settled`]; 404 |
//!
//! [`tickets::Ticket`]: crate::events::tickets::Ticket
//! [`orders::Inventory`]: crate::events::orders::Inventory

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{PaymentId, UserId},
    money::Currency,
};

/// A payment is about to be confirmed: keep the tickets until its outcome can be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRequest {
    /// Who wants to pay; only the buyer may.
    #[garde(skip)]
    pub user_id: UserId,
    /// The buyer has to confirm it with the bank, which takes minutes and not seconds.
    #[garde(skip)]
    #[serde(default)]
    pub by_hand: bool,
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

/// The payment failed for certain. The order can be paid otherwise, until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub struct GiveBack {
    /// The lease's number; another one, which a second attempt was given, is left alone.
    #[garde(skip)]
    pub lease: i64,
}

/// The payment succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub struct Settle {
    /// Which payment.
    #[garde(skip)]
    pub payment_id: PaymentId,
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
        insta::assert_json_snapshot!(
            "asked",
            (
                LeaseRequest {
                    user_id: forms::id(8),
                    by_hand: true,
                },
                GiveBack { lease: 2 },
                Settle {
                    payment_id: forms::id(3),
                }
            )
        );
        insta::assert_json_snapshot!("answered", (lease, Settled::Complete, Settled::RefundDue));
    }
}
