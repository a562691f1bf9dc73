//! Orders against their items, and stock against its figures.

use super::{Fault, Finding, shown};
use crate::{
    invariant::Invariant as I,
    store::orders::{Order, Sale, Ticket},
};

/// Orders that are not in order, of `seen`.
#[must_use]
pub fn orders(seen: usize, odd: &[Order]) -> Vec<Finding> {
    let each = |invariant, wrong: fn(&Order) -> Option<String>| {
        Finding::of_each(invariant, seen, odd, |order| {
            wrong(order).map(|text| Fault::about(order.id, text))
        })
    };
    vec![each(I::Total, total), each(I::Reason, reason)]
}

/// Without items a total says nothing; that is another fault.
fn total(order: &Order) -> Option<String> {
    let (total, items) = (order.total, order.items_total?);
    (total != items).then(|| format!("total {total}, its items cost {items}"))
}

fn reason(order: &Order) -> Option<String> {
    let (status, reason) = (&order.status, order.reason.as_ref());
    ((status == "cancelled") != reason.is_some())
        .then(|| format!("{status}, reason {}", shown(reason)))
}

/// Items and orders that miss each other, of `seen` orders.
#[must_use]
pub fn items(seen: usize, tickets: &[Ticket], odd: &[Order]) -> Finding {
    let mut finding = Finding::of_each(I::Items, seen, odd, |order| {
        let none = order.items_total.is_none();
        none.then(|| Fault::about(order.id, "an order without items"))
    });
    let unknown = tickets.iter().filter(|ticket| !ticket.known);
    let unknown =
        unknown.map(|ticket| Fault::about(ticket.id, "items of a ticket that there is not"));
    let missing = tickets
        .iter()
        .filter_map(|ticket| ticket.orders.missing.as_ref());
    let missing = missing.map(|order| Fault::about(order, "items of an order that there is not"));
    finding.faults.extend(unknown.chain(missing));
    finding
}

/// Stock whose last figures are others.
#[must_use]
pub fn sales(seen: usize, odd: &[Sale]) -> Finding {
    Finding::of_each(I::Sales, seen, odd, |row| {
        let (stock, figures) = (&row.stock, &row.figures);
        let text = format!("{stock} in stock, {figures} in its sales");
        Some(Fault::about(row.ticket_id, text))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    #[rstest]
    #[case("complete", None, Some(30), &[])]
    #[case("cancelled", Some("buyer"), Some(30), &[])]
    #[case("complete", None, Some(31), &[I::Total])]
    #[case("complete", Some("buyer"), Some(30), &[I::Reason])]
    #[case("cancelled", None, Some(30), &[I::Reason])]
    #[case("complete", None, None, &[I::Items])]
    fn each_fault_is_found(
        #[case] status: &str,
        #[case] reason: Option<&str>,
        #[case] items_total: Option<i64>,
        #[case] expected: &[I],
    ) {
        let odd = [Order {
            id: Uuid::nil(),
            status: status.into(),
            reason: reason.map(Into::into),
            total: 30,
            items_total,
        }];
        let findings = [orders(1, &odd), vec![items(1, &[], &odd)]].concat();
        let broken: Vec<_> = findings
            .into_iter()
            .filter_map(|finding| (!finding.faults.is_empty()).then_some(finding.invariant))
            .collect();
        assert_eq!(broken, expected);
    }
}
