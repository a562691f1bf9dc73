//! What orders last said of a ticket's stock.

use chrono::{DateTime, Utc};
use ticketing_contracts::{events::orders::Inventory, ids::OrderId};

/// A copy of orders' inventory. The default is what is known before the first report: nothing is held
/// or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    /// Rises with every change of the stock; 0 before the first report.
    pub version: i64,
    /// The ticket's version whose capacity is applied.
    pub ticket_version: i64,
    /// How many there are in all; none before the first report.
    pub capacity: Option<i32>,
    /// How many open orders hold.
    pub held: i32,
    /// How many are paid.
    pub sold: i32,
    /// When the next hold ends.
    pub next_release_at: Option<DateTime<Utc>>,
    /// Who has the one that there is.
    pub order_id: Option<OrderId>,
}

impl Stock {
    /// How many nobody else can have.
    #[must_use]
    pub fn taken(&self) -> i32 {
        self.held.saturating_add(self.sold)
    }

    /// How many there are of a ticket at `version` whose seller wants `wish`. What is held and sold stays
    /// so; until orders has applied that version, the wish itself is what can be told.
    #[must_use]
    pub fn capacity_at(&self, version: i64, wish: i32) -> i32 {
        let applied = self.capacity.filter(|_| self.ticket_version == version);
        applied.unwrap_or(wish).max(self.taken())
    }

    /// The newer of two reports.
    #[must_use]
    pub fn or_newer(self, other: Self) -> Self {
        if other.version > self.version {
            other
        } else {
            self
        }
    }
}

impl From<&Inventory> for Stock {
    fn from(inventory: &Inventory) -> Self {
        Self {
            version: inventory.version,
            ticket_version: inventory.ticket_version,
            capacity: Some(inventory.capacity),
            held: inventory.held,
            sold: inventory.sold,
            next_release_at: inventory.next_release_at,
            order_id: inventory.order_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn stock(version: i64, ticket_version: i64, capacity: i32, taken: i32) -> Stock {
        Stock {
            version,
            ticket_version,
            capacity: Some(capacity),
            held: taken,
            ..Stock::default()
        }
    }

    #[rstest]
    #[case::nothing_reported(Stock::default(), 500)]
    #[case::applied(stock(9, 2, 500, 30), 500)]
    #[case::applied_above_the_wish(stock(9, 2, 520, 520), 520)]
    #[case::not_applied_yet(stock(9, 1, 100, 30), 500)]
    #[case::not_applied_yet_and_more_is_taken(stock(9, 1, 1000, 700), 700)]
    fn capacities(#[case] stock: Stock, #[case] expected: i32) {
        assert_eq!(stock.capacity_at(2, 500), expected);
    }

    proptest! {
        /// Whatever is reported in whatever order, the newest is what stays.
        #[test]
        fn the_newest_report_wins(versions in prop::collection::vec(0..100_i64, 1..20)) {
            let reports = versions.iter().map(|version| stock(*version, 1, 100, 1));
            let last = reports.fold(Stock::default(), Stock::or_newer);
            prop_assert_eq!(last.version, versions.into_iter().max().unwrap_or_default());
        }
    }
}
