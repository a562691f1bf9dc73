//! Decides a batch of commands, in their order, over what was locked for it.

mod changes;
mod hold;
mod offer;
mod pay;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use ticketing_contracts::ids::{OrderId, TicketId, UserId};

use super::{
    command::{Answer, Command, Rules},
    order::{Order, Step},
    refusal::Refusal,
    stock::Stock,
};

pub use changes::{Changed, Changes, Placed};

/// An order that a request with an idempotency key has placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Of the request's content.
    pub hash: [u8; 32],
    /// What was answered.
    pub order: Arc<Order>,
}

/// Everything that a batch may need, locked; and what becomes of it.
#[derive(Debug)]
pub struct Book {
    /// The database's clock, once for the whole batch.
    now: DateTime<Utc>,
    rules: Rules,
    stocks: HashMap<TicketId, Stock>,
    orders: HashMap<OrderId, Order>,
    requests: HashMap<(UserId, String), Request>,
    /// How many a person has of a ticket with a cap, in orders that are not cancelled.
    owned: HashMap<(UserId, TicketId), i64>,
    /// Tickets that were short of while holds of them may be overdue.
    overdue: BTreeSet<TicketId>,
    changes: Changes,
}

impl Book {
    /// A book over these tickets and orders.
    #[must_use]
    pub fn new(
        now: DateTime<Utc>,
        rules: Rules,
        stocks: impl IntoIterator<Item = Stock>,
        orders: impl IntoIterator<Item = Order>,
    ) -> Self {
        let by_ticket = |stock: Stock| (stock.offer.id, stock);
        Self {
            now,
            rules,
            stocks: stocks.into_iter().map(by_ticket).collect(),
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            requests: HashMap::new(),
            owned: HashMap::new(),
            overdue: BTreeSet::new(),
            changes: Changes::default(),
        }
    }

    /// Notes a request that was answered before.
    pub fn answered(&mut self, user: UserId, key: String, request: Request) {
        self.requests.insert((user, key), request);
    }

    /// Notes how many a person has of a ticket.
    pub fn owns(&mut self, user: UserId, ticket: TicketId, count: i64) {
        self.owned.insert((user, ticket), count);
    }

    /// Notes that a ticket's row is new: that is to be told.
    pub fn is_new(&mut self, ticket: TicketId) {
        self.changes.touch(ticket);
    }

    /// The persons and tickets whose counts [`Self::owns`] is to be told before `commands` are decided:
    /// those with a cap.
    #[must_use]
    pub fn capped(&self, commands: &[&Command]) -> BTreeSet<(UserId, TicketId)> {
        let is_capped = |ticket: &TicketId| {
            let stock = self.stocks.get(ticket);
            stock.is_some_and(|stock| stock.offer.max_per_person.is_some())
        };
        let mut capped = BTreeSet::new();
        for command in commands {
            let (user, tickets): (UserId, Vec<TicketId>) = match command {
                Command::Hold(hold) => (hold.user_id, command.tickets().collect()),
                Command::Settle { order_id, .. } => match self.orders.get(order_id) {
                    Some(order) => (order.user_id, tickets(order).collect()),
                    None => continue,
                },
                _ => continue,
            };
            let tickets = tickets.into_iter().filter(is_capped);
            capped.extend(tickets.map(|ticket| (user, ticket)));
        }
        capped
    }

    /// Decides one command.
    ///
    /// # Errors
    /// Why it changed nothing.
    pub fn decide(&mut self, command: &Command) -> Result<Answer, Refusal> {
        match command {
            Command::Hold(hold) => self.hold(hold),
            Command::Cancel { order_id, user_id } => self.cancel(*order_id, *user_id),
            Command::Expire {
                order_id,
                release_at,
            } => self.expire_if(*order_id, |order, _| order.release_at == *release_at),
            Command::Reclaim { order_id } => {
                self.expire_if(*order_id, |order, now| order.release_at <= now)
            }
            Command::Lease {
                order_id,
                user_id,
                by_hand,
            } => self.lease(*order_id, *user_id, *by_hand),
            Command::GiveBack { order_id, lease } => self.give_back(*order_id, *lease),
            Command::Settle {
                order_id,
                payment_id,
            } => self.settle(*order_id, *payment_id),
            Command::Offer(ticket) => Ok(self.offer(ticket, false)),
            Command::Withdraw(ticket) => Ok(self.offer(ticket, true)),
            Command::Close(ticket) => self.close(ticket.id),
        }
    }

    /// Tickets that were refused while holds of them may be overdue. When those are reclaimed first, the
    /// answer may be another one.
    #[must_use]
    pub fn overdue(&self) -> &BTreeSet<TicketId> {
        &self.overdue
    }

    /// How many events there are so far: what a command has added can be told from it.
    #[must_use]
    pub fn events(&self) -> usize {
        self.changes.events.len()
    }

    /// What is to be written. The versions of the stocks that changed have risen.
    #[must_use]
    pub fn finish(self) -> Changes {
        self.changes.with(self.stocks, self.orders)
    }

    fn cancel(&mut self, id: OrderId, user: UserId) -> Result<Answer, Refusal> {
        let order = self.orders.get_mut(&id).ok_or(Refusal::UnknownOrder)?;
        if order.user_id != user {
            return Err(Refusal::NotYours);
        }
        let held_until = order.release_at;
        match order.step(Step::Cancel) {
            Some(()) => {
                self.free(id, held_until);
                Ok(Answer::Done)
            }
            None => match order.state {
                super::State::Complete => Err(Refusal::Complete),
                super::State::AwaitingPayment => Err(Refusal::BeingPaid),
                _ => Ok(Answer::Done),
            },
        }
    }

    /// Ends an order whose time is over, if `condition` holds; otherwise it is left alone.
    fn expire_if(
        &mut self,
        id: OrderId,
        condition: impl Fn(&Order, DateTime<Utc>) -> bool,
    ) -> Result<Answer, Refusal> {
        let order = self.orders.get_mut(&id).ok_or(Refusal::UnknownOrder)?;
        if order.state.is_open() && condition(order, self.now) {
            let held_until = order.release_at;
            if order.step(Step::Expire).is_some() {
                self.free(id, held_until);
            }
        }
        Ok(Answer::Done)
    }

    /// Gives back what the order, which has just ended, held until then.
    fn free(&mut self, id: OrderId, held_until: DateTime<Utc>) {
        let Some(order) = self.orders.get(&id) else {
            return;
        };
        for item in &order.items {
            if let Some(stock) = self.stocks.get_mut(&item.ticket_id) {
                stock.release(id, item.quantity, held_until);
                self.changes.touch(item.ticket_id);
            }
            if let Some(count) = self.owned.get_mut(&(order.user_id, item.ticket_id)) {
                *count -= i64::from(item.quantity);
            }
        }
        self.changes.change(order);
    }

    /// Notes that there was too little of a ticket, in case it has holds that nobody has freed yet.
    fn note_overdue(&mut self, ticket: TicketId) {
        let stock = self.stocks.get(&ticket);
        if stock.is_some_and(|stock| stock.may_be_overdue(self.now)) {
            self.overdue.insert(ticket);
        }
    }
}

fn tickets(order: &Order) -> impl Iterator<Item = TicketId> {
    order.items.iter().map(|item| item.ticket_id)
}
