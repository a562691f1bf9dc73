//! Placing an order: all of it, or nothing.

use std::sync::Arc;

use ticketing_contracts::{
    api::{orders::NewOrderItem, tickets::MAX_AMOUNT},
    money::{Currency, MajorUnits},
};

use super::{Book, Placed, Request};
use crate::domain::{
    command::{Answer, Hold},
    order::{Item, Order, State},
    refusal::Refusal,
    stock::Stock,
};

impl Book {
    pub(super) fn hold(&mut self, hold: &Hold) -> Result<Answer, Refusal> {
        if let Some(answered) = self.repeated(hold) {
            return answered;
        }
        let (items, currency) = self.items(hold)?;
        let total = items.iter().map(Item::amount).fold(0, i64::saturating_add);
        if total > MAX_AMOUNT {
            return Err(Refusal::TooExpensive);
        }
        self.shortage(&items)?;

        let release_at = self.now + self.rules.hold;
        for item in &items {
            if let Some(stock) = self.stocks.get_mut(&item.ticket_id) {
                stock.hold(hold.order_id, item.quantity, release_at);
            }
            if let Some(count) = self.owned.get_mut(&(hold.user_id, item.ticket_id)) {
                *count += i64::from(item.quantity);
            }
            self.changes.touch(item.ticket_id);
        }
        let order = Arc::new(Order {
            id: hold.order_id,
            version: 1,
            user_id: hold.user_id,
            state: State::Created,
            created_at: self.now,
            expires_at: release_at,
            release_at,
            total,
            currency,
            lease: 0,
            payment_id: None,
            refund_due: false,
            late: false,
            items,
        });
        if let Some((key, hash)) = &hold.request {
            let request = Request {
                hash: *hash,
                order: Arc::clone(&order),
            };
            self.requests.insert((hold.user_id, key.clone()), request);
        }
        self.changes.events.push(order.event());
        self.changes.placed.push(Placed {
            order: Arc::clone(&order),
            request: hold.request.clone(),
        });
        Ok(Answer::Held(order))
    }

    /// What the first request with this key was answered, if there was one.
    fn repeated(&self, hold: &Hold) -> Option<Result<Answer, Refusal>> {
        let (key, hash) = hold.request.as_ref()?;
        let first = self.requests.get(&(hold.user_id, key.clone()))?;
        Some(if first.hash == *hash {
            Ok(Answer::Held(Arc::clone(&first.order)))
        } else {
            Err(Refusal::KeyReused)
        })
    }

    /// What is ordered, as it is offered, if everything but its number is right.
    fn items(&self, hold: &Hold) -> Result<(Vec<Item>, Currency), Refusal> {
        let mut items: Vec<Item> = Vec::with_capacity(hold.items.len());
        let mut currency = None;
        for wanted in &hold.items {
            let id = wanted.ticket_id;
            let stock = self.stocks.get(&id).ok_or(Refusal::UnknownTicket(id))?;
            if stock.closed {
                return Err(Refusal::Withdrawn);
            }
            if *currency.get_or_insert(stock.offer.currency) != stock.offer.currency {
                return Err(Refusal::MixedCurrencies);
            }
            if items.iter().any(|item| item.ticket_id == id) {
                return Err(Refusal::SameTicketTwice);
            }
            is_the_price(wanted, stock)?;
            self.within_caps(hold, wanted, stock)?;
            items.push(Item {
                ticket_id: id,
                ticket_version: stock.offer.version,
                title: stock.offer.title.clone(),
                price: stock.offer.price,
                quantity: wanted.quantity,
            });
        }
        Ok((items, currency.ok_or(Refusal::Empty)?))
    }

    fn within_caps(
        &self,
        hold: &Hold,
        wanted: &NewOrderItem,
        stock: &Stock,
    ) -> Result<(), Refusal> {
        match stock.offer.max_per_order {
            Some(max) if wanted.quantity > max => return Err(Refusal::OverMaxPerOrder(max)),
            _ => {}
        }
        self.within_personal_cap(hold.user_id, wanted.quantity, stock)
    }

    /// Too few of any: then none is taken.
    pub(super) fn shortage(&mut self, items: &[Item]) -> Result<(), Refusal> {
        let mut refusal = None;
        for item in items {
            let stock = self.stocks.get(&item.ticket_id);
            if let Some(short) = stock.and_then(|stock| stock.shortage(item.quantity)) {
                self.note_overdue(item.ticket_id);
                refusal = refusal.or(Some(short));
            }
        }
        refusal.map_or(Ok(()), Err)
    }
}

fn is_the_price(wanted: &NewOrderItem, stock: &Stock) -> Result<(), Refusal> {
    let (price, currency) = (stock.offer.price, stock.offer.currency);
    match wanted.price.map(|expected| expected.to_minor(currency)) {
        None => Ok(()),
        Some(Ok(expected)) if expected == price => Ok(()),
        Some(_) => Err(Refusal::PriceChanged {
            price: MajorUnits::from_minor(price, currency),
            currency,
        }),
    }
}
