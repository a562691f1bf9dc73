//! What a batch has changed, to be written.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ticketing_contracts::{
    events::orders::OrderEvent,
    ids::{OrderId, TicketId},
};

use crate::domain::{order::Order, stock::Stock};

/// An order that was placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The order.
    pub order: Arc<Order>,
    /// The idempotency key and hash of the request.
    pub request: Option<(String, [u8; 32])>,
}

/// An order that was there and is another now.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it is now.
    pub order: Order,
    /// As it was in the table.
    pub from_version: i64,
}

/// What a batch has changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// New orders, in the order of their placing.
    pub placed: Vec<Placed>,
    /// Orders that are others now, by id.
    pub changed: Vec<Changed>,
    /// Stocks that are others now, by id.
    pub stocks: Vec<Stock>,
    /// What became of orders, in order. Those of stocks are made when these are written.
    pub events: Vec<OrderEvent>,
    touched: BTreeSet<TicketId>,
    from_versions: BTreeMap<OrderId, i64>,
}

impl Changes {
    /// Whether there is nothing to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
            && self.changed.is_empty()
            && self.stocks.is_empty()
            && self.events.is_empty()
    }

    pub(super) fn touch(&mut self, ticket: TicketId) {
        self.touched.insert(ticket);
    }

    /// The order has gone one step on, which has raised its version by one.
    pub(super) fn change(&mut self, order: &Order) {
        self.from_versions
            .entry(order.id)
            .or_insert(order.version - 1);
        self.events.push(order.event());
    }

    /// The order's version has risen for a refund, of which the event tells.
    pub(super) fn change_for(&mut self, order: &Order, event: OrderEvent) {
        self.from_versions
            .entry(order.id)
            .or_insert(order.version - 1);
        self.events.push(event);
    }

    pub(super) fn with(
        mut self,
        mut stocks: HashMap<TicketId, Stock>,
        mut orders: HashMap<OrderId, Order>,
    ) -> Self {
        let touched = self.touched.iter().filter_map(|id| stocks.remove(id));
        self.stocks = touched
            .map(|mut stock| {
                stock.version += 1;
                stock
            })
            .collect();
        let changed = self.from_versions.iter().filter_map(|(id, from_version)| {
            Some(Changed {
                order: orders.remove(id)?,
                from_version: *from_version,
            })
        });
        self.changed = changed.collect();
        self
    }
}
