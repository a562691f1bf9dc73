//! What there is of one ticket.

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    events::{orders::Inventory, tickets::Ticket},
    ids::OrderId,
};

use super::refusal::Refusal;

/// When the next hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextRelease {
    /// Then, or never when nothing is held.
    Known(Option<DateTime<Utc>>),
    /// The hold that was to end next has ended: only the items tell.
    Unknown,
}

/// What there is of one ticket: `capacity = free + held + sold`, whatever happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// What its seller says.
    pub offer: Ticket,
    /// Nothing of it is sold any more.
    pub closed: bool,
    /// Rises with every change that is written.
    pub version: i64,
    /// How many open orders hold.
    pub held: i32,
    /// How many are paid.
    pub sold: i32,
    /// What was paid for them, in minor units.
    pub revenue: i64,
    /// When the next hold ends.
    pub next_release: NextRelease,
    /// Who took it last, unless that was given back: who has it, when there is one.
    pub holder: Option<OrderId>,
}

impl Stock {
    /// How many there are: what the seller wants, or what is held and sold if that is more.
    #[must_use]
    pub fn capacity(&self) -> i32 {
        self.offer.capacity.max(self.held + self.sold)
    }

    /// How many are free.
    #[must_use]
    pub fn free(&self) -> i32 {
        self.capacity() - self.held - self.sold
    }

    /// Why `quantity` can't be had, when they can't.
    #[must_use]
    pub fn shortage(&self, quantity: i32) -> Option<Refusal> {
        let free = self.free();
        if quantity <= free {
            None
        } else if free > 0 {
            Some(Refusal::OnlyLeft(free))
        } else if self.held == 0 {
            Some(Refusal::SoldOut)
        } else if self.capacity() == 1 {
            Some(Refusal::Reserved)
        } else {
            Some(Refusal::AllHeld)
        }
    }

    /// Whether holds may have ended by `now` that nobody has freed yet.
    #[must_use]
    pub fn may_be_overdue(&self, now: DateTime<Utc>) -> bool {
        match self.next_release {
            NextRelease::Known(next) => next.is_some_and(|next| next <= now),
            NextRelease::Unknown => true,
        }
    }

    /// `order` takes `quantity` of what is free. The caller has looked for a [`Self::shortage`].
    pub(super) fn hold(&mut self, order: OrderId, quantity: i32, until: DateTime<Utc>) {
        self.held += quantity;
        self.holder = Some(order);
        self.expect(until);
    }

    /// `order` gives back what it held until `until`.
    pub(super) fn release(&mut self, order: OrderId, quantity: i32, until: DateTime<Utc>) {
        self.held -= quantity;
        self.holder = self.holder.filter(|holder| *holder != order);
        self.forget(until);
    }

    /// A hold until `from` lasts until `until` now.
    pub(super) fn move_release(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) {
        self.forget(from);
        self.expect(until);
    }

    /// `order` pays for what it held until `until`.
    pub(super) fn sell(
        &mut self,
        order: OrderId,
        quantity: i32,
        amount: i64,
        until: DateTime<Utc>,
    ) {
        self.release(order, quantity, until);
        self.sell_free(order, quantity, amount);
    }

    /// `order` has paid for what is free. The caller has looked for a [`Self::shortage`].
    pub(super) fn sell_free(&mut self, order: OrderId, quantity: i32, amount: i64) {
        self.sold += quantity;
        self.revenue += amount;
        self.holder = Some(order);
    }

    fn expect(&mut self, until: DateTime<Utc>) {
        if let NextRelease::Known(next) = &mut self.next_release {
            *next = Some(next.map_or(until, |next| next.min(until)));
        }
    }

    fn forget(&mut self, until: DateTime<Utc>) {
        if self.held == 0 {
            self.next_release = NextRelease::Known(None);
        } else if self.next_release == NextRelease::Known(Some(until)) {
            self.next_release = NextRelease::Unknown;
        }
    }

    /// The snapshot for events.
    #[must_use]
    pub fn snapshot(&self) -> Inventory {
        let next_release_at = match self.next_release {
            NextRelease::Known(next) => next,
            NextRelease::Unknown => None,
        };
        let is_one = self.capacity() == 1 && self.held + self.sold == 1;
        Inventory {
            ticket_id: self.offer.id,
            version: self.version,
            ticket_version: self.offer.version,
            capacity: self.capacity(),
            held: self.held,
            sold: self.sold,
            next_release_at,
            order_id: self.holder.filter(|_| is_one),
        }
    }
}
