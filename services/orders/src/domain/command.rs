//! What can be asked of the stock, and what is answered.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    api::orders::NewOrderItem,
    events::tickets::Ticket,
    ids::{OrderId, PaymentId, TicketId, UserId},
    internal::{Lease, Settled},
};

use super::order::Order;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// An order's tickets, for its buyer to begin a payment.
    pub hold: Duration,
    /// The same while a payment is under way.
    pub lease: Duration,
    /// The same while the buyer confirms the payment with the bank.
    pub lease_by_hand: Duration,
    /// The most that leases may add to an order's time in all.
    pub lease_cap: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(15 * 60),
            lease: Duration::from_secs(45),
            lease_by_hand: Duration::from_secs(5 * 60),
            lease_cap: Duration::from_secs(10 * 60),
        }
    }
}

/// A change of stock, of an order, or of both.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Place an order.
    Hold(Hold),
    /// The buyer does not want it any more.
    Cancel {
        /// Which order.
        order_id: OrderId,
        /// Who asks.
        user_id: UserId,
    },
    /// Its time is over; honoured if `release_at` is still the order's.
    Expire {
        /// Which order.
        order_id: OrderId,
        /// The deadline that has passed.
        release_at: DateTime<Utc>,
    },
    /// Its time may be over: free its tickets if it is.
    Reclaim {
        /// Which order.
        order_id: OrderId,
    },
    /// A payment is about to be confirmed.
    Lease {
        /// Which order.
        order_id: OrderId,
        /// Who pays.
        user_id: UserId,
        /// The buyer has to confirm it with the bank.
        by_hand: bool,
    },
    /// The payment failed for certain.
    GiveBack {
        /// Which order.
        order_id: OrderId,
        /// The lease's number.
        lease: i64,
    },
    /// The payment succeeded.
    Settle {
        /// Which order.
        order_id: OrderId,
        /// Which payment.
        payment_id: PaymentId,
    },
    /// The seller put it up or edited it.
    Offer(Ticket),
    /// The seller withdrew it, and has been allowed to.
    Withdraw(Ticket),
    /// The seller wants to withdraw it: sell nothing of it any more, unless something is held or sold.
    Close(Ticket),
}

/// An order to be placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// The id that it will have.
    pub order_id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// What is ordered: at least one item, each ticket once.
    pub items: Vec<NewOrderItem>,
    /// Its idempotency key and the hash of its content, if it has a key.
    pub request: Option<(String, [u8; 32])>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The order, placed now or by the first request with this key.
    Held(Arc<Order>),
    /// The lease.
    Leased(Lease),
    /// What became of the payment.
    Settled(Settled),
    /// It is as it was asked for.
    Done,
}

impl Command {
    /// The order that it is about, if that exists already.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Cancel { order_id, .. }
            | Self::Expire { order_id, .. }
            | Self::Reclaim { order_id }
            | Self::Lease { order_id, .. }
            | Self::GiveBack { order_id, .. }
            | Self::Settle { order_id, .. } => Some(*order_id),
            Self::Hold(_) | Self::Offer(_) | Self::Withdraw(_) | Self::Close(_) => None,
        }
    }

    /// The tickets that it names itself.
    pub fn tickets(&self) -> impl Iterator<Item = TicketId> {
        let items = match self {
            Self::Hold(hold) => hold.items.as_slice(),
            _ => &[],
        };
        let offered = self.offered().map(|ticket| ticket.id);
        items.iter().map(|item| item.ticket_id).chain(offered)
    }

    /// The seller's ticket that it brings.
    #[must_use]
    pub fn offered(&self) -> Option<&Ticket> {
        match self {
            Self::Offer(ticket) | Self::Withdraw(ticket) | Self::Close(ticket) => Some(ticket),
            _ => None,
        }
    }
}
