//! What must be true.

use serde::{Serialize, Serializer};

/// When it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In every snapshot of the database.
    Always,
    /// Once relays and consumers have caught up.
    AtRest,
}

/// One thing that must be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each has its statement")]
pub enum Invariant {
    Capacity,
    Held,
    Sold,
    Revenue,
    NextRelease,
    Closed,
    Holder,
    Sales,
    Total,
    HeldUntil,
    Reason,
    Currency,
    Items,
    Paid,
    OnePayment,
    Settled,
    Refunds,
    TicketCopy,
    StockCopy,
    PaymentCopy,
    Inbox,
    Outbox,
    Streams,
    Groups,
    TicketsCurrent,
    StockCurrent,
    PaymentsCurrent,
    Charged,
    UnderWay,
    Takings,
    Simulator,
    Scheduled,
    Overdue,
    KnownOrders,
    DeadLetters,
}

use Invariant as I;

/// All of them, in the order of the report: name, when, of what, and what it says.
const ALL: [(Invariant, &str, When, &str, &str); 35] = {
    use When::{Always, AtRest};
    [
        (
            I::Capacity,
            "capacity",
            Always,
            "tickets",
            "capacity = free + held + sold, none is below zero, and it is what the seller wants unless more is held and sold",
        ),
        (
            I::Held,
            "held",
            Always,
            "tickets",
            "held = what their open orders hold",
        ),
        (
            I::Sold,
            "sold",
            Always,
            "tickets",
            "sold = what their complete orders bought",
        ),
        (
            I::Revenue,
            "revenue",
            Always,
            "tickets",
            "revenue = what their complete orders cost",
        ),
        (
            I::NextRelease,
            "next-release",
            Always,
            "tickets",
            "next_release_at = when the next of their holds ends",
        ),
        (
            I::Closed,
            "closed",
            Always,
            "tickets",
            "of those that are closed nothing is held or sold",
        ),
        (
            I::Holder,
            "holder",
            Always,
            "tickets",
            "the holder of a single one that is taken is the order that has it",
        ),
        (
            I::Sales,
            "sales",
            Always,
            "tickets",
            "the last figures of their sales are those of their stock",
        ),
        (
            I::Total,
            "total",
            Always,
            "orders",
            "total = the sum of their items",
        ),
        (
            I::HeldUntil,
            "held-until",
            Always,
            "tickets",
            "items are held until release_at while the order is open, and no longer",
        ),
        (
            I::Reason,
            "reason",
            Always,
            "orders",
            "those that are cancelled have a reason, and no others",
        ),
        (
            I::Currency,
            "currency",
            Always,
            "tickets",
            "items that were ordered at the present version have its price and currency",
        ),
        (
            I::Items,
            "items",
            Always,
            "orders",
            "each has items, and every item an order and a ticket",
        ),
        (
            I::Paid,
            "paid",
            Always,
            "paid orders",
            "the payment of each is there, of its total and currency, and of no other order",
        ),
        (
            I::OnePayment,
            "one-payment",
            Always,
            "payments",
            "no two have the same order, or the same PaymentIntent",
        ),
        (
            I::Settled,
            "settled",
            Always,
            "payments",
            "those that are settled have completed their order, or have a refund",
        ),
        (
            I::Refunds,
            "refunds",
            Always,
            "refunds",
            "each is of a payment that its order has given up",
        ),
        (
            I::TicketCopy,
            "ticket-copy",
            Always,
            "tickets",
            "orders' copy of a version is that version",
        ),
        (
            I::StockCopy,
            "stock-copy",
            Always,
            "tickets",
            "tickets' copy of a stock's version is that version",
        ),
        (
            I::PaymentCopy,
            "payment-copy",
            Always,
            "payments",
            "orders' copy of a version is that version",
        ),
        (
            I::Inbox,
            "inbox",
            Always,
            "events",
            "what every group has acknowledged is in the inbox of its listener",
        ),
        (
            I::Outbox,
            "outbox",
            AtRest,
            "outboxes",
            "nothing waits to be published",
        ),
        (
            I::Streams,
            "streams",
            AtRest,
            "streams",
            "they end with what was published last",
        ),
        (
            I::Groups,
            "groups",
            AtRest,
            "groups",
            "they are there, have been given everything and have acknowledged it",
        ),
        (
            I::TicketsCurrent,
            "tickets-current",
            AtRest,
            "tickets",
            "orders has the present version of each",
        ),
        (
            I::StockCurrent,
            "stock-current",
            AtRest,
            "tickets",
            "tickets has the present version of each one's stock",
        ),
        (
            I::PaymentsCurrent,
            "payments-current",
            AtRest,
            "payments",
            "orders has heard what became of each",
        ),
        (
            I::Charged,
            "charged",
            AtRest,
            "paid orders",
            "the payment of each has succeeded",
        ),
        (
            I::UnderWay,
            "under-way",
            AtRest,
            "payments",
            "none is attempted, unsettled or to be given back for longer than it may be, or outlives its order",
        ),
        (
            I::Takings,
            "takings",
            AtRest,
            "currencies",
            "what complete orders cost is what was paid and not given back",
        ),
        (
            I::Simulator,
            "simulator",
            AtRest,
            "figures",
            "what payments has charged and given back, the payment simulator has as well",
        ),
        (
            I::Scheduled,
            "scheduled",
            AtRest,
            "open orders",
            "their release is scheduled",
        ),
        (
            I::Overdue,
            "overdue",
            AtRest,
            "open orders",
            "none is past its release, and no deadline is left that has passed",
        ),
        (
            I::KnownOrders,
            "known-orders",
            AtRest,
            "deadlines",
            "each is of an order that there is",
        ),
        (
            I::DeadLetters,
            "dead-letters",
            AtRest,
            "services",
            "every event could be handled, or is explained",
        ),
    ]
};

impl Invariant {
    /// All, in the order of the report.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(invariant, ..)| *invariant)
    }

    fn row(self) -> &'static (Self, &'static str, When, &'static str, &'static str) {
        &ALL[self as usize]
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// When it must be true.
    #[must_use]
    pub fn when(self) -> When {
        self.row().2
    }

    /// What is looked at, many of it.
    #[must_use]
    pub fn things(self) -> &'static str {
        self.row().3
    }

    /// What is true of all of them.
    #[must_use]
    pub fn statement(self) -> &'static str {
        self.row().4
    }
}

impl Serialize for Invariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_in_its_row_and_has_a_name_of_its_own() {
        for (index, (invariant, ..)) in ALL.iter().enumerate() {
            assert_eq!(*invariant as usize, index);
        }
        let names: BTreeSet<_> = Invariant::all().map(Invariant::name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
