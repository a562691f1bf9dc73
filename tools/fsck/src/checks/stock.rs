//! Tickets' stock against the orders.

use super::{Fault, Finding, shown};
use crate::{invariant::Invariant as I, store::orders::Ticket};

/// Everything that the sums over a ticket's orders tell, but what its items lack: [`super::orders::items`].
#[must_use]
pub fn tickets(tickets: &[Ticket]) -> Vec<Finding> {
    let each = |invariant, wrong: fn(&Ticket) -> Option<String>| {
        let known = tickets.iter().filter(|ticket| ticket.known);
        Finding::of_each(invariant, tickets.len(), known, |ticket| {
            wrong(ticket).map(|text| Fault::about(ticket.id, text))
        })
    };
    vec![
        each(I::Capacity, capacity),
        each(I::Held, |t| {
            differ("held", t.held.into(), "open orders hold", t.orders.held)
        }),
        each(I::Sold, |t| {
            differ("sold", t.sold.into(), "complete orders have", t.orders.sold)
        }),
        each(I::Revenue, |t| {
            differ(
                "revenue",
                t.revenue,
                "complete orders cost",
                t.orders.revenue,
            )
        }),
        each(I::NextRelease, next_release),
        each(I::Closed, closed),
        each(I::Holder, holder),
        each(I::HeldUntil, held_until),
        each(I::Currency, currency),
    ]
}

fn capacity(ticket: &Ticket) -> Option<String> {
    let (held, sold) = (i64::from(ticket.held), i64::from(ticket.sold));
    let (capacity, requested) = (i64::from(ticket.capacity), i64::from(ticket.requested));
    let free = capacity - held - sold;
    if free < 0 || held < 0 || sold < 0 {
        return Some(format!(
            "capacity {capacity}, held {held}, sold {sold}: {free} free"
        ));
    }
    let wanted = requested.max(held + sold);
    (capacity != wanted).then(|| {
        format!("capacity {capacity}, though {requested} are wanted, {held} held and {sold} sold")
    })
}

fn differ(name: &str, stock: i64, theirs: &str, orders: i64) -> Option<String> {
    (stock != orders).then(|| format!("{name} {stock}, {theirs} {orders}"))
}

fn next_release(ticket: &Ticket) -> Option<String> {
    let (stock, orders) = (ticket.next_release_at, ticket.orders.next_release_at);
    let (text, theirs) = (shown(stock), shown(orders));
    (stock != orders).then(|| format!("next release {text}, of its items {theirs}"))
}

fn closed(ticket: &Ticket) -> Option<String> {
    let Ticket { held, sold, .. } = ticket;
    (ticket.closed && (*held, *sold) != (0, 0))
        .then(|| format!("closed, though {held} are held and {sold} sold"))
}

fn held_until(ticket: &Ticket) -> Option<String> {
    let order = ticket.orders.oddly_held.as_ref()?;
    Some(format!(
        "order {order} holds it until another time than its release, or is over"
    ))
}

fn currency(ticket: &Ticket) -> Option<String> {
    let order = ticket.orders.mispriced.as_ref()?;
    Some(format!("order {order} has another price or currency"))
}

fn holder(ticket: &Ticket) -> Option<String> {
    let taken = ticket.capacity == 1 && ticket.held + ticket.sold == 1;
    let holder = ticket.holder.map(|order| order.to_string());
    let taker = ticket.orders.taker.as_ref();
    (taken && holder.as_ref() != taker).then(|| {
        let (holder, taker) = (shown(holder.as_ref()), shown(taker));
        format!("holder {holder}, it is had by {taker}")
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::store::orders::Sums;

    fn ticket() -> Ticket {
        Ticket {
            id: Uuid::nil(),
            known: true,
            requested: 10,
            capacity: 10,
            held: 3,
            sold: 2,
            revenue: 200,
            next_release_at: None,
            closed: false,
            holder: None,
            orders: Sums {
                held: 3,
                sold: 2,
                revenue: 200,
                next_release_at: None,
                mispriced: None,
                oddly_held: None,
                missing: None,
                taker: None,
            },
        }
    }

    fn broken(ticket: Ticket) -> Vec<I> {
        let wrong = |finding: Finding| (!finding.faults.is_empty()).then_some(finding.invariant);
        tickets(&[ticket]).into_iter().filter_map(wrong).collect()
    }

    #[rstest]
    #[case(|_: &mut Ticket| {}, &[])]
    #[case(|t: &mut Ticket| t.capacity = 11, &[I::Capacity])]
    #[case(|t: &mut Ticket| (t.requested, t.capacity) = (4, 5), &[])]
    #[case(|t: &mut Ticket| (t.requested, t.capacity) = (4, 4), &[I::Capacity])]
    #[case(|t: &mut Ticket| (t.held, t.orders.held) = (9, 9), &[I::Capacity])]
    #[case(|t: &mut Ticket| (t.held, t.orders.held) = (-1, -1), &[I::Capacity])]
    #[case(|t: &mut Ticket| t.held = 2, &[I::Held])]
    #[case(|t: &mut Ticket| t.orders.sold = 3, &[I::Sold])]
    #[case(|t: &mut Ticket| t.revenue = 100, &[I::Revenue])]
    #[case(|t: &mut Ticket| t.orders.next_release_at = Some(chrono::DateTime::UNIX_EPOCH), &[I::NextRelease])]
    #[case(|t: &mut Ticket| t.closed = true, &[I::Closed])]
    #[case(|t: &mut Ticket| t.orders.taker = Some("another".into()), &[])]
    #[case(|t: &mut Ticket| {
        (t.requested, t.capacity, t.held, t.orders.held) = (1, 1, 1, 1);
        (t.sold, t.orders.sold) = (0, 0);
        t.orders.taker = Some("another".into());
    }, &[I::Holder])]
    #[case(|t: &mut Ticket| t.orders.oddly_held = Some(String::new()), &[I::HeldUntil])]
    #[case(|t: &mut Ticket| (t.known, t.orders.sold) = (false, 9), &[])]
    #[case(|t: &mut Ticket| t.orders.mispriced = Some(String::new()), &[I::Currency])]
    fn each_fault_is_found(#[case] hurt: fn(&mut Ticket), #[case] expected: &[I]) {
        let mut ticket = ticket();
        hurt(&mut ticket);
        assert_eq!(broken(ticket), expected);
    }
}
