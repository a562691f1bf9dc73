//! Orders against their items, and stock against its figures.

use super::{Fault, Finding, shown};
use crate::{
    invariant::Invariant as I,
    store::orders::{Astray, Order, Sale},
};

/// Orders that are not in order, of `seen`.
#[must_use]
pub fn orders(seen: usize, odd: &[Order]) -> Vec<Finding> {
    let each = |invariant, wrong: fn(&Order) -> Option<String>| {
        Finding::of_each(invariant, seen, odd, |order| {
            wrong(order).map(|text| Fault::about(order.id, text))
        })
    };
    vec![
        each(I::Total, total),
        each(I::HeldUntil, held_until),
        each(I::Reason, reason),
    ]
}

/// An order without items is astray, and its total says nothing.
fn total(order: &Order) -> Option<String> {
    let (total, items) = (order.total, order.items_total);
    (order.items > 0 && total != items).then(|| format!("total {total}, its items cost {items}"))
}

fn held_until(order: &Order) -> Option<String> {
    let release = order.release_at;
    let (items, held) = (order.items, order.held);
    let status = &order.status;
    if !order.is_open() {
        return (held > 0).then(|| format!("{status}, though {held} of its items are held"));
    }
    if held < items {
        return Some(format!(
            "{status}, though {held} of its {items} items are held"
        ));
    }
    let ends = [order.first_held_until, order.last_held_until];
    let until = ends.into_iter().flatten().find(|until| *until != release)?;
    Some(format!(
        "to be released at {release}, an item is held until {until}"
    ))
}

fn reason(order: &Order) -> Option<String> {
    let (status, reason) = (&order.status, order.reason.as_ref());
    ((status == "cancelled") != reason.is_some())
        .then(|| format!("{status}, reason {}", shown(reason)))
}

/// Items and orders that miss each other.
#[must_use]
pub fn items(seen: usize, astray: &[Astray]) -> Finding {
    Finding::of_each(I::Items, seen, astray, |row| {
        Some(Fault::about(row.id, &row.what))
    })
}

/// Stock whose last figures are others.
#[must_use]
pub fn sales(seen: usize, odd: &[Sale]) -> Finding {
    Finding::of_each(I::Sales, seen, odd, |row| {
        let (stock, figures) = (&row.stock, &row.figures);
        Some(Fault::about(
            row.ticket_id,
            format!("{stock} in stock, {figures} in its sales"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    fn order(status: &str, held: i64) -> Order {
        let release_at = DateTime::UNIX_EPOCH;
        let until = (held > 0).then_some(release_at);
        Order {
            id: Uuid::nil(),
            status: status.into(),
            reason: (status == "cancelled").then(|| "buyer".into()),
            total: 30,
            release_at,
            items: 2,
            items_total: 30,
            held,
            first_held_until: until,
            last_held_until: until,
        }
    }

    #[rstest]
    #[case(order("created", 2), |_: &mut Order| {}, &[])]
    #[case(order("awaiting:payment", 2), |_: &mut Order| {}, &[])]
    #[case(order("complete", 0), |_: &mut Order| {}, &[])]
    #[case(order("cancelled", 0), |_: &mut Order| {}, &[])]
    #[case(order("complete", 0), |o: &mut Order| o.total = 31, &[I::Total])]
    #[case(order("created", 1), |_: &mut Order| {}, &[I::HeldUntil])]
    #[case(order("complete", 1), |_: &mut Order| {}, &[I::HeldUntil])]
    #[case(order("created", 2), |o: &mut Order| o.release_at += TimeDelta::milliseconds(1), &[I::HeldUntil])]
    #[case(order("complete", 0), |o: &mut Order| o.reason = Some("buyer".into()), &[I::Reason])]
    #[case(order("cancelled", 0), |o: &mut Order| o.reason = None, &[I::Reason])]
    fn each_fault_is_found(
        #[case] mut order: Order,
        #[case] hurt: fn(&mut Order),
        #[case] expected: &[I],
    ) {
        hurt(&mut order);
        let broken: Vec<_> = orders(1, &[order])
            .into_iter()
            .filter_map(|finding| (!finding.faults.is_empty()).then_some(finding.invariant))
            .collect();
        assert_eq!(broken, expected);
    }
}
