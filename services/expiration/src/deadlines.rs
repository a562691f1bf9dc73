//! What events about orders mean for their deadlines. Pure.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    events::{
        Event, ExpirationEvent, OrderEvent, expirations,
        orders::{Order, RefundDue},
    },
    ids::OrderId,
};
use ticketing_messaging::{
    connection::RedisSettings,
    schedule::{Deadline, Schedule},
};

/// The deadlines of open orders, and the stream that tells when they have passed.
#[must_use]
pub fn schedule(redis: &RedisSettings) -> Schedule {
    Schedule {
        key: redis.key(expirations::DEADLINES),
        stream: redis.key(ExpirationEvent::STREAM),
        kind: "expiration:complete",
        fields: ["orderId", "releaseAt"],
    }
}

/// What is to be done about deadlines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// These are to fire.
    pub set: Vec<Deadline>,
    /// These need not any more.
    pub cancelled: Vec<Deadline>,
}

/// What a batch of events changes, whatever order they come in and however old they are.
///
/// An open order's deadline is set, and an earlier one of its is left alone: an event that comes late
/// can't be told from a new one here, and to take away the deadline that holds would be worse than to
/// fire one that does not, which orders sees by its `releaseAt`. An order that is over stays over.
#[must_use]
pub fn changes<'a>(events: impl IntoIterator<Item = &'a OrderEvent>) -> Changes {
    let (mut set, mut cancelled) = (BTreeSet::new(), BTreeSet::new());
    let mut over = HashSet::new();
    for event in events {
        match event {
            OrderEvent::Created(order) | OrderEvent::Updated(order) => {
                set.insert((order.release_at, order.id));
            }
            OrderEvent::Cancelled(order)
            | OrderEvent::Completed(order)
            | OrderEvent::RefundDue(RefundDue { order, .. }) => {
                over.insert(order.id);
                cancelled.extend(all_of(order));
            }
            OrderEvent::InventoryUpdated(_) => {}
        }
    }
    let is_over = |(_, id): &(DateTime<Utc>, OrderId)| over.contains(id);
    cancelled.extend(set.iter().copied().filter(is_over));
    set.retain(|deadline| !is_over(deadline));
    Changes {
        set: set.into_iter().map(deadline).collect(),
        cancelled: cancelled.into_iter().map(deadline).collect(),
    }
}

/// The deadlines that an order had for certain: its first one, and its last. Between them each lease may
/// have moved it; those fire for nothing.
fn all_of(order: &Order) -> [(DateTime<Utc>, OrderId); 2] {
    [(order.expires_at, order.id), (order.release_at, order.id)]
}

fn deadline((at, id): (DateTime<Utc>, OrderId)) -> Deadline {
    Deadline { id: id.0, at }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;
    use ticketing_contracts::{
        ids::{PaymentId, UserId},
        money::Currency,
        order::OrderStatus,
    };

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_795_275_221_000).unwrap() + TimeDelta::minutes(minute)
    }

    /// An order whose time was 15 minutes, and is `release` now.
    fn order(id: OrderId, version: i64, release: i64) -> Order {
        Order {
            id,
            version,
            user_id: UserId::new(at(0)),
            status: OrderStatus::Created,
            reason: None,
            expires_at: at(15),
            release_at: at(release),
            items: Vec::new(),
            total: 1,
            currency: Currency::USD,
            created_at: at(0),
        }
    }

    fn of(id: OrderId, minutes: &[i64]) -> Vec<Deadline> {
        let minutes = minutes.iter().map(|minute| (at(*minute), id));
        minutes.map(deadline).collect()
    }

    #[test]
    fn an_open_order_has_its_deadline() {
        let id = OrderId::new(at(0));
        let events = [
            OrderEvent::Updated(order(id, 2, 20)),
            OrderEvent::Created(order(id, 1, 15)),
            OrderEvent::Updated(order(id, 2, 20)),
        ];
        let expected = Changes {
            set: of(id, &[15, 20]),
            cancelled: vec![],
        };
        assert_eq!(changes(&events), expected);
    }

    #[rstest]
    #[case(OrderEvent::Cancelled)]
    #[case(OrderEvent::Completed)]
    #[case(|order| OrderEvent::RefundDue(RefundDue { order, payment_id: PaymentId::new(at(0)) }))]
    fn an_order_that_is_over_has_none_whatever_comes_after(#[case] end: fn(Order) -> OrderEvent) {
        let (id, other) = (OrderId::new(at(0)), OrderId::new(at(1)));
        let mut events = vec![
            OrderEvent::Created(order(id, 1, 15)),
            OrderEvent::Updated(order(id, 2, 17)),
            OrderEvent::Created(order(other, 1, 16)),
            end(order(id, 3, 20)),
        ];
        let expected = Changes {
            set: of(other, &[16]),
            cancelled: of(id, &[15, 17, 20]),
        };
        assert_eq!(changes(&events), expected);
        events.reverse();
        assert_eq!(changes(&events), expected);
    }

    #[test]
    fn the_end_alone_takes_the_first_deadline_as_well_as_the_last() {
        let id = OrderId::new(at(0));
        let end = OrderEvent::Completed(order(id, 3, 20));
        let cancelled = of(id, &[15, 20]);
        let set = vec![];
        assert_eq!(changes([&end]), Changes { set, cancelled });
    }
}
