//! An order, and how it may go on.

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    events::orders as event,
    ids::{OrderId, PaymentId, TicketId, UserId},
    money::Currency,
    order::{CancelReason, OrderStatus},
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It holds its tickets and can be paid.
    Created,
    /// It holds its tickets while a payment is under way.
    AwaitingPayment,
    /// Paid: the tickets are the buyer's.
    Complete,
    /// Over.
    Cancelled(CancelReason),
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A payment begins, or goes on.
    Lease,
    /// It failed for certain.
    GiveBack,
    /// It succeeded while the tickets were held.
    Complete,
    /// It succeeded after they were freed, and they are free still.
    CompleteLate,
    /// The buyer does not want it any more.
    Cancel,
    /// Its time is over.
    Expire,
}

impl State {
    /// The state after `step`; `None` when that can't happen here.
    #[must_use]
    pub fn after(self, step: Step) -> Option<Self> {
        use CancelReason::{Buyer, Expired};
        match (self, step) {
            (Self::Created | Self::AwaitingPayment, Step::Lease) => Some(Self::AwaitingPayment),
            (Self::AwaitingPayment, Step::GiveBack) => Some(Self::Created),
            (Self::Created | Self::AwaitingPayment, Step::Complete) => Some(Self::Complete),
            (Self::Cancelled(Expired), Step::CompleteLate) => Some(Self::Complete),
            (Self::Created, Step::Cancel) => Some(Self::Cancelled(Buyer)),
            (Self::Created | Self::AwaitingPayment, Step::Expire) => Some(Self::Cancelled(Expired)),
            _ => None,
        }
    }

    /// Whether it holds its tickets.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::AwaitingPayment)
    }

    /// As the contracts have it.
    #[must_use]
    pub fn status(self) -> OrderStatus {
        match self {
            Self::Created => OrderStatus::Created,
            Self::AwaitingPayment => OrderStatus::AwaitingPayment,
            Self::Complete => OrderStatus::Complete,
            Self::Cancelled(_) => OrderStatus::Cancelled,
        }
    }

    /// Why it was cancelled, if it was.
    #[must_use]
    pub fn reason(self) -> Option<CancelReason> {
        match self {
            Self::Cancelled(reason) => Some(reason),
            _ => None,
        }
    }
}

/// So many of one ticket, as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Of which ticket.
    pub ticket_id: TicketId,
    /// The seller's version of it.
    pub ticket_version: i64,
    /// Its title.
    pub title: String,
    /// Of one, in minor units.
    pub price: i64,
    /// How many.
    pub quantity: i32,
}

impl Item {
    /// What all of it costs, in minor units.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.price.saturating_mul(self.quantity.into())
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Never changes.
    pub id: OrderId,
    /// Rises with every change.
    pub version: i64,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub state: State,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// Until when a payment may begin.
    pub expires_at: DateTime<Utc>,
    /// When its tickets are freed.
    pub release_at: DateTime<Utc>,
    /// What is to be paid, in minor units.
    pub total: i64,
    /// Of all its prices.
    pub currency: Currency,
    /// The number of the last lease; 0: none was granted.
    pub lease: i64,
    /// The payment that completed it, or is to be given back.
    pub payment_id: Option<PaymentId>,
    /// That payment is to be given back.
    pub refund_due: bool,
    /// That payment came after the tickets had been freed, and found them free.
    pub late: bool,
    /// At least one.
    pub items: Vec<Item>,
}

impl Order {
    /// Goes one step on, if that can happen.
    pub(super) fn step(&mut self, step: Step) -> Option<()> {
        self.state = self.state.after(step)?;
        self.version += 1;
        Some(())
    }

    /// Until when its items are held: while it is open.
    #[must_use]
    pub fn held_until(&self) -> Option<DateTime<Utc>> {
        self.state.is_open().then_some(self.release_at)
    }

    /// The snapshot for events.
    #[must_use]
    pub fn snapshot(&self) -> event::Order {
        let item = |item: &Item| event::OrderItem {
            ticket_id: item.ticket_id,
            title: item.title.clone(),
            price: item.price,
            quantity: item.quantity,
        };
        event::Order {
            id: self.id,
            version: self.version,
            user_id: self.user_id,
            status: self.state.status(),
            reason: self.state.reason(),
            expires_at: self.expires_at,
            release_at: self.release_at,
            items: self.items.iter().map(item).collect(),
            total: self.total,
            currency: self.currency,
            created_at: self.created_at,
        }
    }

    /// The event that fits its state: what tells a listener that has missed all others.
    #[must_use]
    pub fn event(&self) -> event::OrderEvent {
        let snapshot = self.snapshot();
        match self.state {
            State::Created if self.version == 1 => event::OrderEvent::Created(snapshot),
            State::Created | State::AwaitingPayment => event::OrderEvent::Updated(snapshot),
            State::Complete => event::OrderEvent::Completed(snapshot),
            State::Cancelled(_) => event::OrderEvent::Cancelled(snapshot),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const STATES: [State; 5] = [
        State::Created,
        State::AwaitingPayment,
        State::Complete,
        State::Cancelled(CancelReason::Buyer),
        State::Cancelled(CancelReason::Expired),
    ];

    /// The whole table: what is not named here can't happen.
    #[rstest]
    #[case(Step::Lease, &[(0, 1), (1, 1)])]
    #[case(Step::GiveBack, &[(1, 0)])]
    #[case(Step::Complete, &[(0, 2), (1, 2)])]
    #[case(Step::CompleteLate, &[(4, 2)])]
    #[case(Step::Cancel, &[(0, 3)])]
    #[case(Step::Expire, &[(0, 4), (1, 4)])]
    fn transitions(#[case] step: Step, #[case] allowed: &[(usize, usize)]) {
        for (index, state) in STATES.into_iter().enumerate() {
            let expected = allowed
                .iter()
                .find(|(from, _)| *from == index)
                .map(|(_, to)| STATES[*to]);
            assert_eq!(state.after(step), expected, "{state:?} {step:?}");
        }
    }

    #[test]
    fn what_is_over_for_good_stays_so() {
        let steps = [
            Step::Lease,
            Step::GiveBack,
            Step::Complete,
            Step::CompleteLate,
            Step::Cancel,
            Step::Expire,
        ];
        for state in [State::Complete, State::Cancelled(CancelReason::Buyer)] {
            assert!(steps.iter().all(|step| state.after(*step).is_none()));
        }
    }
}
