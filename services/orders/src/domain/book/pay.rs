//! Paying: tickets are kept while the outcome is not known, and money that came is never lost.

use ticketing_contracts::{
    events::orders::{OrderEvent, RefundDue},
    ids::{OrderId, PaymentId, UserId},
    internal::{Lease, Settled},
    order::CancelReason,
};

use super::Book;
use crate::domain::{
    command::Answer,
    order::{Order, State, Step},
    refusal::Refusal,
};

impl Book {
    /// Keeps the tickets until the outcome of a payment can be known.
    pub(super) fn lease(
        &mut self,
        id: OrderId,
        user: UserId,
        by_hand: bool,
    ) -> Result<Answer, Refusal> {
        let (now, rules) = (self.now, self.rules);
        let order = self.orders.get_mut(&id).ok_or(Refusal::UnknownOrder)?;
        if order.user_id != user {
            return Err(Refusal::NotYours);
        }
        let last = order.expires_at + rules.lease_cap;
        match order.state {
            State::Created if now >= order.expires_at => return Err(Refusal::Expired),
            State::AwaitingPayment if now >= last => return Err(Refusal::Expired),
            State::Created | State::AwaitingPayment => {}
            State::Complete => return Err(Refusal::Complete),
            State::Cancelled(CancelReason::Expired) => return Err(Refusal::Expired),
            State::Cancelled(CancelReason::Buyer) => return Err(Refusal::Cancelled),
        }
        let time = if by_hand {
            rules.lease_by_hand
        } else {
            rules.lease
        };
        // Never earlier than an earlier attempt, which may still succeed, was promised.
        let release_at = (now + time).min(last).max(order.release_at);
        order.step(Step::Lease).ok_or(Refusal::Complete)?;
        order.lease += 1;
        let lease = Lease {
            number: order.lease,
            release_at,
            amount: order.total,
            currency: order.currency,
        };
        self.move_release(id, release_at);
        Ok(Answer::Leased(lease))
    }

    /// The tickets are kept no longer than for anybody who has not begun to pay.
    pub(super) fn give_back(&mut self, id: OrderId, lease: i64) -> Result<Answer, Refusal> {
        let order = self.orders.get_mut(&id).ok_or(Refusal::UnknownOrder)?;
        if order.lease == lease && order.step(Step::GiveBack).is_some() {
            let expires_at = order.expires_at;
            self.move_release(id, expires_at);
        }
        Ok(Answer::Done)
    }

    fn move_release(&mut self, id: OrderId, release_at: chrono::DateTime<chrono::Utc>) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut order.release_at, release_at);
        for item in &order.items {
            if let Some(stock) = self.stocks.get_mut(&item.ticket_id)
                && before != release_at
            {
                stock.move_release(before, release_at);
                self.changes.touch(item.ticket_id);
            }
        }
        self.changes.change(order);
    }

    /// A payment has succeeded.
    pub(super) fn settle(&mut self, id: OrderId, payment: PaymentId) -> Result<Answer, Refusal> {
        let order = self.orders.get(&id).ok_or(Refusal::UnknownOrder)?;
        let settled = match order.state {
            State::Created | State::AwaitingPayment => self.complete(id, payment),
            State::Complete if order.payment_id == Some(payment) => Settled::Complete,
            State::Cancelled(CancelReason::Expired) if order.lease > 0 && !order.refund_due => {
                self.complete_late(id, payment)
            }
            State::Complete | State::Cancelled(_) => self.refund(id, payment),
        };
        Ok(Answer::Settled(settled))
    }

    fn complete(&mut self, id: OrderId, payment: PaymentId) -> Settled {
        self.sell(id, payment, Step::Complete);
        Settled::Complete
    }

    /// It was begun in time, and its tickets were freed meanwhile: if they are free still, they are the
    /// buyer's after all.
    fn complete_late(&mut self, id: OrderId, payment: PaymentId) -> Settled {
        let Some(order) = self.orders.get(&id).cloned() else {
            return Settled::RefundDue;
        };
        if self.can_be_had_late(&order) && self.shortage(&order.items).is_ok() {
            self.sell(id, payment, Step::CompleteLate);
            Settled::Complete
        } else {
            self.refund(id, payment)
        }
    }

    fn can_be_had_late(&self, order: &Order) -> bool {
        order.items.iter().all(|item| {
            self.stocks.get(&item.ticket_id).is_some_and(|stock| {
                let capped = self.within_personal_cap(order.user_id, item.quantity, stock);
                !stock.closed && capped.is_ok()
            })
        })
    }

    fn sell(&mut self, id: OrderId, payment: PaymentId, step: Step) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        let held_until = order.held_until();
        if order.step(step).is_none() {
            return;
        }
        order.payment_id = Some(payment);
        order.late = held_until.is_none();
        for item in &order.items {
            let Some(stock) = self.stocks.get_mut(&item.ticket_id) else {
                continue;
            };
            let amount = item.amount();
            match held_until {
                Some(until) => stock.sell(id, item.quantity, amount, until),
                None => {
                    stock.sell_free(id, item.quantity, amount);
                    if let Some(count) = self.owned.get_mut(&(order.user_id, item.ticket_id)) {
                        *count += i64::from(item.quantity);
                    }
                }
            }
            self.changes.touch(item.ticket_id);
        }
        self.changes.change(order);
    }

    /// Asks for the money to be given back. Asking again for the same payment says nothing new.
    fn refund(&mut self, id: OrderId, payment: PaymentId) -> Settled {
        let Some(order) = self.orders.get_mut(&id) else {
            return Settled::RefundDue;
        };
        let due = |order: &Order| {
            OrderEvent::RefundDue(RefundDue {
                order: order.snapshot(),
                payment_id: payment,
            })
        };
        match (order.state, order.payment_id) {
            (State::Cancelled(_), None) => {
                order.payment_id = Some(payment);
                order.refund_due = true;
                order.version += 1;
                let event = due(order);
                self.changes.change_for(order, event);
            }
            (State::Cancelled(_), Some(known)) if known == payment => {}
            // Another payment than the order's own: there should be none, but its money goes back.
            _ => {
                let event = due(order);
                self.changes.events.push(event);
            }
        }
        Settled::RefundDue
    }
}
