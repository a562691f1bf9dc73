//! The stream `tickets`: what sellers offer. Published by tickets.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Snapshot;
use crate::{
    ids::{TicketId, UserId},
    money::Currency,
};

crate::stream! {
    /// What becomes of a ticket.
    pub enum TicketEvent: stream "tickets", groups ["orders"] {
        /// It was put up.
        Created(Ticket): "ticket:created", heard by ["orders", "web"],
        /// Its seller edited it.
        Updated(Ticket): "ticket:updated", heard by ["orders", "web"],
        /// It was withdrawn: nothing of it is on offer any more, and no later event brings it back.
        Deleted(Ticket): "ticket:deleted", heard by ["orders", "web"],
    }
}

/// A ticket as its seller wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Never changes.
    pub id: TicketId,
    /// Counts the seller's edits, and the withdrawal as the last of them. What is held and sold does not
    /// count here: see [`Inventory`](super::orders::Inventory).
    pub version: i64,
    /// What buyers read.
    pub title: String,
    /// Of one, in minor units of `currency`.
    pub price: i64,
    /// What `price` is counted in.
    pub currency: Currency,
    /// The seller.
    pub user_id: UserId,
    /// How many the seller wants to sell in all. Orders keeps it from falling below what is held and sold.
    pub capacity: i32,
    /// The most in one order, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// The most that one person may have, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_person: Option<i32>,
}

impl Snapshot for Ticket {
    fn subject(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, forms};

    #[test]
    fn events() {
        let seat = Ticket {
            id: forms::id(1),
            version: 1,
            title: "Row 7, seat 12".into(),
            price: 10_50,
            currency: Currency::USD,
            user_id: forms::id(9),
            capacity: 1,
            max_per_order: None,
            max_per_person: None,
        };
        let offer = Ticket {
            version: 2,
            title: "Standing".into(),
            capacity: 500,
            max_per_order: Some(4),
            max_per_person: Some(8),
            ..seat.clone()
        };
        let gone = Ticket {
            version: 3,
            ..offer.clone()
        };
        let events = [
            TicketEvent::Created(seat),
            TicketEvent::Updated(offer),
            TicketEvent::Deleted(gone),
        ];
        forms::check(&events, &["maxPerOrder", "maxPerPerson"]);
        for (event, version) in events.iter().zip(1..) {
            assert_eq!(event.subject(), forms::id::<TicketId>(1).0);
            assert_eq!(event.version(), version);
        }
    }
}
