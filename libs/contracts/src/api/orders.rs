//! orders: what buyers hold, and what has been sold.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tickets::{MAX_CAPACITY, valid_count};
use crate::{
    ids::{OrderId, TicketId, UserId},
    money::{Currency, MajorUnits},
    order::{CancelReason, OrderStatus},
};

/// The most items of one order.
pub const MAX_ITEMS: usize = 20;

/// `POST /api/orders`: one ticket by `ticketId`, or several as `items`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[garde(custom(one_of_both))]
pub struct NewOrder {
    /// Of which ticket.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<TicketId>,
    /// How many of it; 1 if nothing is said.
    #[garde(custom(valid_count))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: Option<i32>,
    /// What one is thought to cost; if it costs something else by now, the answer is 409.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MajorUnits>,
    /// Several tickets of one currency: all are held, or none. At most 20, each ticket once.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 20)]
    pub items: Option<Vec<NewOrderItem>>,
}

/// So many of one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewOrderItem {
    /// Of which ticket.
    #[garde(skip)]
    pub ticket_id: TicketId,
    /// How many.
    #[garde(range(min = 1, max = MAX_CAPACITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i32,
    /// What one is thought to cost; if it costs something else by now, the answer is 409.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MajorUnits>,
}

impl NewOrder {
    /// What is ordered, however it was said.
    #[must_use]
    pub fn into_items(self) -> Vec<NewOrderItem> {
        let single = self.ticket_id.map(|ticket_id| NewOrderItem {
            ticket_id,
            quantity: self.quantity.unwrap_or(1),
            price: self.price,
        });
        self.items.unwrap_or_else(|| single.into_iter().collect())
    }
}

fn one_of_both(order: &NewOrder, _: &()) -> garde::Result {
    let refused = |message: &str| Err(garde::Error::new(message));
    match (&order.ticket_id, &order.items) {
        (None, None) => refused("TicketId must be provided"),
        (Some(_), Some(_)) => refused("Give either ticketId or items"),
        (Some(_), None) => Ok(()),
        (None, Some(_)) if order.quantity.is_some() || order.price.is_some() => {
            refused("Give quantity and price within items")
        }
        (None, Some(items)) if items.is_empty() => refused("Items must not be empty"),
        (None, Some(items)) if items.len() > MAX_ITEMS => {
            Err(garde::Error::new(format!("At most {MAX_ITEMS} items")))
        }
        (None, Some(items)) => {
            let tickets: HashSet<_> = items.iter().map(|item| item.ticket_id).collect();
            if tickets.len() == items.len() {
                Ok(())
            } else {
                refused("Each ticket may be in items once")
            }
        }
    }
}

/// An order as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Never changes.
    pub id: OrderId,
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
    /// Rises with every change.
    pub version: i64,
    /// What was ordered, at the price of that time.
    pub items: Vec<OrderItem>,
    /// What is to be paid, in major units of `currency`.
    pub total: MajorUnits,
    /// What all its prices are in.
    pub currency: Currency,
    /// The first item's ticket.
    pub ticket: OrderedTicket,
    /// What became of the payment, if there was an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<OrderPayment>,
    /// When it was placed.
    #[serde(with = "crate::time")]
    pub created_at: DateTime<Utc>,
}

/// So many of one ticket, as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// Of which ticket.
    pub ticket_id: TicketId,
    /// Its title then.
    pub title: String,
    /// Of one then, in major units of the order's currency.
    pub price: MajorUnits,
    /// How many.
    pub quantity: i32,
}

/// A ticket as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicket {
    /// Never changes.
    pub id: TicketId,
    /// Its title then.
    pub title: String,
    /// Of one then, in major units of the order's currency.
    pub price: MajorUnits,
    /// The seller's version that was ordered.
    pub version: i64,
}

/// What became of an order's payment, in words for the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPayment {
    /// How far it is.
    pub status: OrderPaymentStatus,
    /// In words for a person.
    pub message: String,
    /// Of the last event about the payment that this takes in; 0: of none yet.
    #[serde(default)]
    pub version: i64,
}

/// How far an order's payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderPaymentStatus {
    /// The buyer has to confirm it, or its outcome is not known yet.
    Pending,
    /// Nothing was charged.
    Failed,
    /// It is made.
    Succeeded,
    /// It was made, and the money is on its way back.
    Refunding,
    /// It was made, and the money is back.
    Refunded,
}

/// `GET /api/orders/sales`: what became of one ticket, for its seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sales {
    /// How many there are in all.
    pub capacity: i32,
    /// How many open orders hold now.
    pub held: i32,
    /// How many are paid.
    pub sold: i32,
    /// What was paid, in major units of `currency`.
    pub revenue: MajorUnits,
    /// What the revenue is in.
    pub currency: Currency,
    /// How it came to be: a point per step, oldest first.
    pub series: Vec<SalesPoint>,
}

/// How things stood at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SalesPoint {
    /// The end of the step.
    #[serde(with = "crate::time")]
    pub at: DateTime<Utc>,
    /// How many were held.
    pub held: i32,
    /// How many had been paid.
    pub sold: i32,
    /// What had been paid.
    pub revenue: MajorUnits,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::events::forms;

    const A: &str = "018bcfe5-687b-7000-8000-000000000001";
    const B: &str = "018bcfe5-687b-7000-8000-000000000002";

    fn parsed(json: &str) -> NewOrder {
        let json = json.replace("$A", A).replace("$B", B);
        serde_json::from_str(&json).unwrap()
    }

    #[rstest]
    #[case(r#"{"ticketId": "$A"}"#, &[(A, 1)])]
    #[case(r#"{"ticketId": "$A", "quantity": 3, "price": 10.5}"#, &[(A, 3)])]
    #[case(r#"{"items": [{"ticketId": "$A", "quantity": 2}, {"ticketId": "$B", "quantity": 1}]}"#, &[(A, 2), (B, 1)])]
    fn accepted(#[case] json: &str, #[case] expected: &[(&str, i32)]) {
        let order = parsed(json);
        order.validate().unwrap();
        let items = order.into_items();
        let said: Vec<_> = items
            .iter()
            .map(|item| (item.ticket_id.to_string(), item.quantity))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(id, quantity)| ((*id).to_owned(), *quantity))
            .collect();
        assert_eq!(said, expected);
    }

    #[rstest]
    #[case("{}", "TicketId must be provided")]
    #[case(r#"{"items": []}"#, "Items must not be empty")]
    #[case(
        r#"{"ticketId": "$A", "items": [{"ticketId": "$B", "quantity": 1}]}"#,
        "either ticketId or items"
    )]
    #[case(
        r#"{"quantity": 2, "items": [{"ticketId": "$B", "quantity": 1}]}"#,
        "within items"
    )]
    #[case(
        r#"{"items": [{"ticketId": "$A", "quantity": 1}, {"ticketId": "$A", "quantity": 2}]}"#,
        "once"
    )]
    #[case(r#"{"ticketId": "$A", "quantity": 0}"#, "between 1 and")]
    #[case(r#"{"items": [{"ticketId": "$A", "quantity": -1}]}"#, "lower than 1")]
    fn refused(#[case] json: &str, #[case] expected: &str) {
        let message = parsed(json).validate().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn more_than_twenty_items_are_refused() {
        let item = |number: u8| NewOrderItem {
            ticket_id: forms::id(number),
            quantity: 1,
            price: None,
        };
        let order = |count| NewOrder {
            ticket_id: None,
            quantity: None,
            price: None,
            items: Some((0..count).map(item).collect()),
        };
        assert!(order(20).validate().is_ok());
        assert!(order(21).validate().is_err());
    }

    #[test]
    fn forms() {
        let usd = |minor| MajorUnits::from_minor(minor, Currency::USD);
        let order = Order {
            id: forms::id(2),
            user_id: forms::id(8),
            status: OrderStatus::Cancelled,
            reason: Some(CancelReason::Expired),
            expires_at: forms::time("2026-11-21T15:33:41.250Z"),
            version: 3,
            items: vec![OrderItem {
                ticket_id: forms::id(1),
                title: "Standing".into(),
                price: usd(10_50),
                quantity: 2,
            }],
            total: usd(21_00),
            currency: Currency::USD,
            ticket: OrderedTicket {
                id: forms::id(1),
                title: "Standing".into(),
                price: usd(10_50),
                version: 4,
            },
            payment: Some(OrderPayment {
                status: OrderPaymentStatus::Refunded,
                message: "Your payment came too late, and you have your money back.".into(),
                version: 3,
            }),
            created_at: forms::time("2026-11-21T15:18:41.250Z"),
        };
        insta::assert_json_snapshot!("order", order);
        let open = Order {
            status: OrderStatus::Created,
            reason: None,
            payment: None,
            version: 1,
            ..order
        };
        insta::assert_json_snapshot!("open_order", open);
        let sales = Sales {
            capacity: 500,
            held: 12,
            sold: 100,
            revenue: usd(105_000),
            currency: Currency::USD,
            series: vec![SalesPoint {
                at: forms::time("2026-11-21T15:19:00.000Z"),
                held: 12,
                sold: 100,
                revenue: usd(105_000),
            }],
        };
        insta::assert_json_snapshot!("sales", sales);
    }
}
