//! What an event means to a browser.

use ticketing_contracts::{
    events::{DecodeError, Event, OrderEvent, PaymentEvent, TicketEvent, orders::Inventory},
    ids::{OrderId, TicketId, UserId},
};
use ticketing_messaging::tail::Seen;

use super::positions::{ORDERS, PAYMENTS, TICKETS};

/// Something that pages show is different now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What is left of a ticket.
    Stock(Inventory),
    /// Something new is on sale.
    NewOffer,
    /// What its seller says of a ticket, or that it is no longer on sale.
    Offer {
        /// Which.
        ticket: TicketId,
        /// Of the ticket.
        version: i64,
    },
    /// Where an order stands.
    Order {
        /// Which.
        id: OrderId,
        /// Whose it is: nobody else is told.
        owner: UserId,
        /// Of the order.
        version: i64,
    },
    /// What became of the payment of an order.
    Payment {
        /// Of which order.
        id: OrderId,
        /// Whose it is: nobody else is told.
        owner: UserId,
        /// Of the payment.
        version: i64,
    },
}

impl Change {
    /// What an entry says, if it says something to browsers.
    #[must_use]
    pub fn of(seen: &Seen) -> Option<Self> {
        let (kind, data) = (&*seen.envelope.kind, &*seen.envelope.data);
        let change = match seen.stream {
            TICKETS => TicketEvent::decode(kind, data).map(|event| Some(of_ticket(event))),
            ORDERS => OrderEvent::decode(kind, data).map(of_order_or_stock),
            PAYMENTS => PaymentEvent::decode(kind, data).map(|event| Some(of_payment(event))),
            _ => Ok(None),
        };
        match change {
            Ok(change) => change,
            // A newer program publishes it, and pages of this one can't show it.
            Err(DecodeError::UnknownType(_)) => None,
            Err(error) => {
                tracing::warn!(%error, stamp = %seen.stamp, "an event can't be read");
                None
            }
        }
    }
}

fn of_ticket(event: TicketEvent) -> Change {
    match event {
        TicketEvent::Created(_) => Change::NewOffer,
        TicketEvent::Updated(ticket) | TicketEvent::Deleted(ticket) => Change::Offer {
            ticket: ticket.id,
            version: ticket.version,
        },
    }
}

fn of_order_or_stock(event: OrderEvent) -> Option<Change> {
    match event {
        OrderEvent::InventoryUpdated(inventory) => Some(Change::Stock(inventory)),
        OrderEvent::Created(order)
        | OrderEvent::Updated(order)
        | OrderEvent::Cancelled(order)
        | OrderEvent::Completed(order) => Some(Change::Order {
            id: order.id,
            owner: order.user_id,
            version: order.version,
        }),
        // A command to payments: what comes of it, its own events tell.
        OrderEvent::RefundDue(_) => None,
    }
}

fn of_payment(event: PaymentEvent) -> Change {
    let (PaymentEvent::Created(payment)
    | PaymentEvent::Pending(payment)
    | PaymentEvent::Failed(payment)
    | PaymentEvent::Refunded(payment)) = event;
    Change::Payment {
        id: payment.order_id,
        owner: payment.user_id,
        version: payment.version,
    }
}
