//! What an event means to a browser.

use ticketing_contracts::{
    events::{DecodeError, Event, OrderEvent, PaymentEvent, TicketEvent, orders::Inventory},
    ids::{OrderId, TicketId, UserId},
};
use ticketing_messaging::tail::Seen;

use super::positions::{ORDERS, PAYMENTS, TICKETS};

/// As many as a page lists. One that lists all of these has no room for what was put up before them.
pub const MOST_NEW: usize = 50;

/// Something that pages show is different now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What is left of a ticket.
    Stock(Inventory),
    /// These are new on sale, the newest last: [`MOST_NEW`] at most.
    NewOffers(Vec<TicketId>),
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

    /// Makes one of this and a later change of the same subject: of what is new on sale all counts, of
    /// anything else the later.
    pub fn join(&mut self, later: Self) {
        match (self, later) {
            (Self::NewOffers(offers), Self::NewOffers(later)) => {
                offers.extend(later);
                keep_newest(offers);
            }
            (this, later) => *this = later,
        }
    }
}

/// Drops what was put up before the last [`MOST_NEW`].
pub(super) fn keep_newest<T>(offers: &mut Vec<T>) {
    offers.drain(..offers.len().saturating_sub(MOST_NEW));
}

fn of_ticket(event: TicketEvent) -> Change {
    match event {
        TicketEvent::Created(ticket) => Change::NewOffers(vec![ticket.id]),
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn offers(numbers: std::ops::Range<u128>) -> Change {
        let ids = numbers.map(|number| TicketId(Uuid::from_u128(number)));
        Change::NewOffers(ids.collect())
    }

    #[test]
    fn of_new_offers_all_count() {
        let mut change = offers(1..2);
        change.join(offers(2..3));
        change.join(offers(3..5));
        assert_eq!(change, offers(1..5));
        change.join(offers(5..61));
        assert_eq!(change, offers(11..61), "as many as a page lists");
    }

    #[test]
    fn of_anything_else_the_later_counts() {
        let ticket = TicketId(Uuid::from_u128(1));
        let offer = |version| Change::Offer { ticket, version };
        let mut change = offer(1);
        change.join(offer(2));
        assert_eq!(change, offer(2));
    }
}
