//! What was seen lately, so that whoever was away for a moment need not ask Redis: thousands come back at
//! once when an instance ends, and in a rush a moment is thousands of entries.
//!
//! Of each subject the newest version is kept, and that is also how an older one is known for one. There
//! are two generations: when the younger is full it becomes the older, and what was that is forgotten.

use std::collections::HashMap;

use ticketing_contracts::{
    events::orders::Inventory,
    ids::{OrderId, TicketId, UserId},
};
use ticketing_messaging::Stamp;

use super::{
    change::{Change, keep_newest},
    positions::{ORDERS, PAYMENTS, Positions, TICKETS},
};

/// The newest of each subject, since some time.
#[derive(Debug)]
pub struct Recent {
    younger: Generation,
    older: Option<Generation>,
    /// So many subjects a generation has.
    size: usize,
}

/// The newest of each subject.
#[derive(Debug)]
struct Generation {
    /// All that came after is here, or in a younger one.
    from: Positions,
    stocks: HashMap<TicketId, (Stamp, Inventory)>,
    offers: HashMap<TicketId, (Stamp, i64)>,
    orders: HashMap<UserId, Vec<OrderSeen>>,
    /// The newest last.
    new_offers: Vec<(Stamp, TicketId)>,
    subjects: usize,
}

/// An order, and its payment: where each was seen, and at which version.
#[derive(Debug, Clone, Copy)]
struct OrderSeen {
    id: OrderId,
    order: Option<(Stamp, i64)>,
    payment: Option<(Stamp, i64)>,
}

/// What a browser wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interest {
    /// Of these tickets.
    pub tickets: Box<[TicketId]>,
    /// Of whatever is new on sale.
    pub offers: bool,
    /// Of this user's orders.
    pub owner: Option<UserId>,
}

impl Interest {
    /// Whether this is for it.
    #[must_use]
    pub fn includes(&self, change: &Change) -> bool {
        match change {
            Change::Stock(inventory) => self.tickets.contains(&inventory.ticket_id),
            Change::NewOffers(_) => self.offers,
            Change::Offer { ticket, .. } => self.tickets.contains(ticket),
            Change::Order { owner, .. } | Change::Payment { owner, .. } => {
                self.owner == Some(*owner)
            }
        }
    }
}

impl Recent {
    /// Nothing was seen before `from`.
    #[must_use]
    pub fn new(from: Positions, size: usize) -> Self {
        Self {
            younger: Generation::new(from),
            older: None,
            size,
        }
    }

    /// Notes a change that was seen at `stamp`, after `before`. Returns whether it is news: a version that
    /// is not above the one that is known says nothing.
    pub fn note(&mut self, change: &Change, stamp: Stamp, before: Positions) -> bool {
        if self
            .version(change)
            .is_some_and(|(known, new)| known >= new)
        {
            return false;
        }
        if self.younger.subjects >= self.size {
            let full = std::mem::replace(&mut self.younger, Generation::new(before));
            self.older = Some(full);
        }
        self.younger.note(change, stamp);
        true
    }

    /// All that came after this is known.
    #[must_use]
    pub fn reach(&self) -> Positions {
        self.older.as_ref().unwrap_or(&self.younger).from
    }

    /// What is of interest of all that came after `places`, each subject once. `places` must not lie
    /// before [`Self::reach`].
    #[must_use]
    pub fn since(&self, places: Positions, interest: &Interest) -> Vec<Change> {
        let mut changes = Vec::new();
        for ticket in &interest.tickets {
            let stock = self.find(|generation| generation.stocks.get(ticket));
            if let Some((stamp, inventory)) = stock
                && *stamp > places.0[ORDERS]
            {
                changes.push(Change::Stock(inventory.clone()));
            }
            let offer = self.find(|generation| generation.offers.get(ticket));
            if let Some((stamp, version)) = offer
                && *stamp > places.0[TICKETS]
            {
                changes.push(Change::Offer {
                    ticket: *ticket,
                    version: *version,
                });
            }
        }
        if interest.offers {
            let new = self.offers_since(places);
            changes.extend((!new.is_empty()).then_some(Change::NewOffers(new)));
        }
        if let Some(owner) = interest.owner {
            self.orders_since(places, owner, &mut changes);
        }
        changes
    }

    fn offers_since(&self, places: Positions) -> Vec<TicketId> {
        let generations = self.older.iter().chain([&self.younger]);
        let new = generations.flat_map(|generation| &generation.new_offers);
        let new = new.filter(|(stamp, _)| *stamp > places.0[TICKETS]);
        let mut new: Vec<_> = new.map(|(_, ticket)| *ticket).collect();
        keep_newest(&mut new);
        new
    }

    fn orders_since(&self, places: Positions, owner: UserId, changes: &mut Vec<Change>) {
        for seen in self.orders_of(owner) {
            let id = seen.id;
            if let Some((stamp, version)) = seen.order
                && stamp > places.0[ORDERS]
            {
                changes.push(Change::Order { id, owner, version });
            }
            if let Some((stamp, version)) = seen.payment
                && stamp > places.0[PAYMENTS]
            {
                changes.push(Change::Payment { id, owner, version });
            }
        }
    }

    /// Each order once: what the younger generation has of it, or else what the older has.
    fn orders_of(&self, owner: UserId) -> Vec<OrderSeen> {
        let of = |generation: &Generation| generation.orders.get(&owner).cloned();
        let mut all = of(&self.younger).unwrap_or_default();
        for old in self.older.as_ref().and_then(of).unwrap_or_default() {
            match all.iter_mut().find(|seen| seen.id == old.id) {
                Some(seen) => {
                    seen.order = seen.order.or(old.order);
                    seen.payment = seen.payment.or(old.payment);
                }
                None => all.push(old),
            }
        }
        all
    }

    /// The version that is known of its subject, and its own. `None` when nothing is known, or it has none.
    fn version(&self, change: &Change) -> Option<(i64, i64)> {
        match change {
            Change::Stock(inventory) => {
                let known = self.find(|generation| generation.stocks.get(&inventory.ticket_id));
                known.map(|(_, known)| (known.version, inventory.version))
            }
            Change::NewOffers(_) => None,
            Change::Offer { ticket, version } => {
                let known = self.find(|generation| generation.offers.get(ticket));
                known.map(|(_, known)| (*known, *version))
            }
            Change::Order { id, owner, version } => {
                let known = self.find(|generation| generation.order(*owner, *id)?.order.as_ref());
                known.map(|(_, known)| (*known, *version))
            }
            Change::Payment { id, owner, version } => {
                let known = self.find(|generation| generation.order(*owner, *id)?.payment.as_ref());
                known.map(|(_, known)| (*known, *version))
            }
        }
    }

    fn find<'r, T>(&'r self, in_one: impl Fn(&'r Generation) -> Option<&'r T>) -> Option<&'r T> {
        in_one(&self.younger).or_else(|| self.older.as_ref().and_then(in_one))
    }
}

impl Generation {
    fn new(from: Positions) -> Self {
        Self {
            from,
            stocks: HashMap::new(),
            offers: HashMap::new(),
            orders: HashMap::new(),
            new_offers: Vec::new(),
            subjects: 0,
        }
    }

    fn order(&self, owner: UserId, id: OrderId) -> Option<&OrderSeen> {
        let orders = self.orders.get(&owner)?;
        orders.iter().find(|seen| seen.id == id)
    }

    fn note(&mut self, change: &Change, stamp: Stamp) {
        let is_new = match change {
            Change::Stock(inventory) => {
                let seen = (stamp, inventory.clone());
                self.stocks.insert(inventory.ticket_id, seen).is_none()
            }
            Change::NewOffers(tickets) => {
                let before = self.new_offers.len();
                let seen = tickets.iter().map(|ticket| (stamp, *ticket));
                self.new_offers.extend(seen);
                keep_newest(&mut self.new_offers);
                self.new_offers.len() > before
            }
            Change::Offer { ticket, version } => {
                self.offers.insert(*ticket, (stamp, *version)).is_none()
            }
            Change::Order { id, owner, version } => {
                self.note_order(*owner, *id, |seen| seen.order = Some((stamp, *version)))
            }
            Change::Payment { id, owner, version } => {
                self.note_order(*owner, *id, |seen| seen.payment = Some((stamp, *version)))
            }
        };
        self.subjects += usize::from(is_new);
    }

    fn note_order(
        &mut self,
        owner: UserId,
        id: OrderId,
        note: impl FnOnce(&mut OrderSeen),
    ) -> bool {
        let orders = self.orders.entry(owner).or_default();
        if let Some(seen) = orders.iter_mut().find(|seen| seen.id == id) {
            note(seen);
            return false;
        }
        let mut seen = OrderSeen {
            id,
            order: None,
            payment: None,
        };
        note(&mut seen);
        orders.push(seen);
        true
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANN: UserId = UserId(Uuid::from_u128(0xa));
    const BOB: UserId = UserId(Uuid::from_u128(0xb));

    fn ticket(number: u128) -> TicketId {
        TicketId(Uuid::from_u128(number))
    }

    fn stock(number: u128, version: i64) -> Change {
        Change::Stock(Inventory {
            ticket_id: ticket(number),
            version,
            ticket_version: 1,
            capacity: 10,
            held: 0,
            sold: 0,
            next_release_at: None,
            order_id: None,
        })
    }

    fn order(number: u128, owner: UserId, version: i64) -> Change {
        let id = OrderId(Uuid::from_u128(number));
        Change::Order { id, owner, version }
    }

    fn payment(number: u128, owner: UserId, version: i64) -> Change {
        let id = OrderId(Uuid::from_u128(number));
        Change::Payment { id, owner, version }
    }

    fn offer(number: u128, version: i64) -> Change {
        let ticket = ticket(number);
        Change::Offer { ticket, version }
    }

    fn new_offers(numbers: impl IntoIterator<Item = u128>) -> Change {
        Change::NewOffers(numbers.into_iter().map(ticket).collect())
    }

    /// Entry `number` of every stream.
    fn place(number: i64) -> Positions {
        Positions([Stamp::from_number(number); 3])
    }

    /// Sees these as entries 1, 2, 3 …
    fn seen(size: usize, changes: &[Change]) -> Recent {
        let mut recent = Recent::new(place(0), size);
        for (change, number) in changes.iter().zip(1..) {
            recent.note(change, Stamp::from_number(number), place(number - 1));
        }
        recent
    }

    fn interest() -> Interest {
        Interest {
            tickets: [ticket(1), ticket(2)].into(),
            offers: true,
            owner: Some(ANN),
        }
    }

    #[test]
    fn an_older_version_is_no_news() {
        let mut recent = Recent::new(place(0), 100);
        let mut note = |change| recent.note(&change, Stamp::from_number(1), place(0));
        for kind in [
            |version| stock(1, version),
            |version| offer(1, version),
            |version| order(1, ANN, version),
            |version| payment(1, ANN, version),
        ] {
            assert!(note(kind(3)));
            assert!(!note(kind(2)));
            assert!(!note(kind(3)));
            assert!(note(kind(4)));
        }
        assert!(note(new_offers([7])) && note(new_offers([8])));
    }

    #[test]
    fn the_newest_of_each_subject() {
        let changes = [
            stock(1, 1),
            stock(2, 1),
            stock(1, 2),
            stock(3, 1),
            offer(1, 2),
            new_offers([4]),
            order(7, ANN, 1),
            order(7, ANN, 2),
            payment(7, ANN, 1),
            order(8, BOB, 1),
        ];
        let recent = seen(100, &changes);
        assert_eq!(
            recent.since(place(0), &interest()),
            [
                stock(1, 2),
                offer(1, 2),
                stock(2, 1),
                new_offers([4]),
                order(7, ANN, 2),
                payment(7, ANN, 1),
            ]
        );
        let later = recent.since(place(6), &interest());
        assert_eq!(later, [order(7, ANN, 2), payment(7, ANN, 1)]);
        assert_eq!(recent.since(place(9), &interest()), []);
    }

    #[test]
    fn all_that_is_new_on_sale_is_told_at_once() {
        let changes = [
            new_offers([4]),
            stock(1, 1),
            new_offers([5]),
            new_offers([6]),
        ];
        // Also when they are in different generations.
        for size in [2, 100] {
            let recent = seen(size, &changes);
            let interest = Interest {
                offers: true,
                ..Interest::default()
            };
            assert_eq!(recent.since(place(0), &interest), [new_offers(4..7)]);
            assert_eq!(recent.since(place(1), &interest), [new_offers(5..7)]);
            assert_eq!(recent.since(place(4), &interest), []);
            assert_eq!(recent.since(place(0), &Interest::default()), []);
        }
    }

    #[test]
    fn no_more_offers_than_a_page_lists() {
        let changes: Vec<_> = (101..=160).map(|number| new_offers([number])).collect();
        let interest = Interest {
            offers: true,
            ..Interest::default()
        };
        for size in [20, 100] {
            let recent = seen(size, &changes);
            let told = recent.since(recent.reach(), &interest);
            let first = if size == 20 { 121 } else { 111 };
            assert_eq!(told, [new_offers(first..161)]);
        }
    }

    #[test]
    fn nobody_elses_orders() {
        let recent = seen(100, &[order(7, ANN, 1), payment(7, ANN, 1)]);
        for owner in [None, Some(BOB)] {
            let interest = Interest {
                owner,
                ..interest()
            };
            assert_eq!(recent.since(place(0), &interest), []);
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_that_is_known() {
        let mut recent = seen(
            2,
            &[
                stock(1, 1),
                order(7, ANN, 1),
                stock(2, 1),
                payment(7, ANN, 1),
            ],
        );
        assert_eq!(recent.reach(), place(0));
        let all = [
            stock(1, 1),
            stock(2, 1),
            order(7, ANN, 1),
            payment(7, ANN, 1),
        ];
        assert_eq!(recent.since(place(0), &interest()), all);
        recent.note(&stock(2, 2), Stamp::from_number(5), place(4));
        assert_eq!(recent.reach(), place(2));
        let rest = [stock(2, 2), payment(7, ANN, 1)];
        assert_eq!(recent.since(place(2), &interest()), rest);
    }

    #[test]
    fn interest_is_what_is_asked_for() {
        let interest = interest();
        for change in [stock(1, 1), offer(2, 1), new_offers([9]), order(7, ANN, 1)] {
            assert!(interest.includes(&change));
            assert!(!Interest::default().includes(&change));
        }
        for change in [
            stock(3, 1),
            offer(3, 1),
            order(7, BOB, 1),
            payment(7, BOB, 1),
        ] {
            assert!(!interest.includes(&change));
        }
    }
}
