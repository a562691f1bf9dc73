//! The stream `orders`: what is held and sold, and what becomes of orders. Published by orders.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Snapshot;
use crate::{
    ids::{OrderId, PaymentId, TicketId, UserId},
    money::Currency,
    order::{CancelReason, OrderStatus},
};

crate::stream! {
    /// What becomes of stock and of orders.
    pub enum OrderEvent: stream "orders", groups ["tickets", "expiration", "payments"] {
        /// Some of a ticket was held, released or sold, or its capacity changed.
        InventoryUpdated(Inventory): "inventory:updated", heard by ["tickets", "web"],
        /// An order was placed and holds its tickets.
        Created(Order): "order:created", heard by ["expiration", "web"],
        /// Its status or its `releaseAt` changed, and it still holds its tickets.
        Updated(Order): "order:updated", heard by ["expiration", "web"],
        /// It is over, and its tickets are free.
        Cancelled(Order): "order:cancelled", heard by ["payments", "expiration", "web"],
        /// It is paid, and the tickets are the buyer's.
        Completed(Order): "order:completed", heard by ["expiration", "web"],
        /// It was paid, but too late. A command: payments gives that payment back, if it has not yet.
        RefundDue(RefundDue): "order:refund-due", heard by ["payments"],
    }
}

/// What is left of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Of which ticket; the event's subject.
    pub ticket_id: TicketId,
    /// Rises with every change of the stock; it has nothing to do with the ticket's own version.
    pub version: i64,
    /// The ticket's version whose capacity is applied.
    pub ticket_version: i64,
    /// How many there are: what the seller wants, or what is held and sold if that is more.
    pub capacity: i32,
    /// How many open orders hold.
    pub held: i32,
    /// How many are paid.
    pub sold: i32,
    /// When the next hold ends, if there is one.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::time::optional"
    )]
    pub next_release_at: Option<DateTime<Utc>>,
    /// Who has it, when the capacity is 1 and it is held or sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Never changes.
    pub id: OrderId,
    /// Rises with every change of the order.
    pub version: i64,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// Until when a payment may begin.
    #[serde(with = "crate::time")]
    pub expires_at: DateTime<Utc>,
    /// When the tickets are freed unless it is paid: `expiresAt`, or later while a payment is under way.
    #[serde(with = "crate::time")]
    pub release_at: DateTime<Utc>,
    /// What was ordered, at the price of that time.
    pub items: Vec<OrderItem>,
    /// What is to be paid, in minor units of `currency`.
    pub total: i64,
    /// What all its prices are counted in.
    pub currency: Currency,
    /// When it was placed.
    #[serde(with = "crate::time")]
    pub created_at: DateTime<Utc>,
}

/// So many of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// Of which ticket.
    pub ticket_id: TicketId,
    /// The ticket's title when it was ordered.
    pub title: String,
    /// Of one when it was ordered, in minor units of the order's currency.
    pub price: i64,
    /// How many.
    pub quantity: i32,
}

/// The order, and the payment that is to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundDue {
    /// Its fields stand beside `paymentId`.
    #[serde(flatten)]
    pub order: Order,
    /// Which payment.
    pub payment_id: PaymentId,
}

impl Snapshot for Inventory {
    fn subject(&self) -> Uuid {
        self.ticket_id.0
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Snapshot for Order {
    fn subject(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Snapshot for RefundDue {
    fn subject(&self) -> Uuid {
        self.order.subject()
    }

    fn version(&self) -> i64 {
        self.order.version()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, forms};

    fn inventory() -> Inventory {
        Inventory {
            ticket_id: forms::id(1),
            version: 17,
            ticket_version: 2,
            capacity: 1,
            held: 1,
            sold: 0,
            next_release_at: Some(forms::time("2026-11-21T15:33:41.250Z")),
            order_id: Some(forms::id(2)),
        }
    }

    fn created() -> Order {
        Order {
            id: forms::id(2),
            version: 1,
            user_id: forms::id(8),
            status: OrderStatus::Created,
            reason: None,
            expires_at: forms::time("2026-11-21T15:33:41.250Z"),
            release_at: forms::time("2026-11-21T15:33:41.250Z"),
            items: vec![
                OrderItem {
                    ticket_id: forms::id(1),
                    title: "Row 7, seat 12".into(),
                    price: 10_50,
                    quantity: 1,
                },
                OrderItem {
                    ticket_id: forms::id(4),
                    title: "Standing".into(),
                    price: 8_00,
                    quantity: 2,
                },
            ],
            total: 26_50,
            currency: Currency::USD,
            created_at: forms::time("2026-11-21T15:18:41.250Z"),
        }
    }

    #[test]
    fn events() {
        let paying = Order {
            version: 2,
            status: OrderStatus::AwaitingPayment,
            release_at: forms::time("2026-11-21T15:38:41.250Z"),
            ..created()
        };
        let expired = Order {
            version: 3,
            status: OrderStatus::Cancelled,
            reason: Some(CancelReason::Expired),
            ..paying.clone()
        };
        let complete = Order {
            version: 3,
            status: OrderStatus::Complete,
            ..paying.clone()
        };
        let refund_due = RefundDue {
            order: Order {
                version: 4,
                ..expired.clone()
            },
            payment_id: forms::id(3),
        };
        let events = [
            OrderEvent::InventoryUpdated(inventory()),
            OrderEvent::Created(created()),
            OrderEvent::Updated(paying),
            OrderEvent::Cancelled(expired),
            OrderEvent::Completed(complete),
            OrderEvent::RefundDue(refund_due),
        ];
        forms::check(&events, &["nextReleaseAt", "orderId", "reason"]);
        let (ticket, order) = (forms::id::<TicketId>(1).0, forms::id::<OrderId>(2).0);
        let expected = [
            (ticket, 17),
            (order, 1),
            (order, 2),
            (order, 3),
            (order, 3),
            (order, 4),
        ];
        for (event, (subject, version)) in events.iter().zip(expected) {
            assert_eq!(event.subject(), subject);
            assert_eq!(event.version(), version);
        }
    }

    #[test]
    fn an_offer_of_many_that_nobody_holds() {
        let inventory = Inventory {
            capacity: 500,
            held: 0,
            next_release_at: None,
            order_id: None,
            ..inventory()
        };
        insta::assert_json_snapshot!(inventory);
    }

    #[test]
    fn an_unknown_status_is_unreadable() {
        let data = OrderEvent::Created(created()).data().unwrap();
        let data = data.replace(r#""status":"created""#, r#""status":"lost""#);
        assert!(OrderEvent::decode("order:created", &data).is_err());
    }
}
