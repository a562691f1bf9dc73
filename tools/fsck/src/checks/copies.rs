//! What a service has copied against what it copied.

use super::{Fault, Finding, shown};
use crate::{invariant::Invariant as I, store::copies::Pair};

/// Copies of a version that are not that version: never right.
#[must_use]
pub fn equal(seen: usize, odd: &[Pair]) -> Vec<Finding> {
    vec![
        Finding::of_each(I::TicketCopy, seen, odd, |pair| {
            match (pair.ticket_version, pair.copied_version) {
                (None, Some(_)) => Some(Fault::about(pair.id, "tickets has no such ticket")),
                (Some(source), Some(copy)) if copy > source => Some(Fault::about(
                    pair.id,
                    format!("version {source}, its copy is of {copy}"),
                )),
                (source, copy) => (source == copy)
                    .then(|| others(pair, &pair.ticket_differs))
                    .flatten(),
            }
        }),
        Finding::of_each(I::StockCopy, seen, odd, |pair| {
            // Where nothing was reported yet, tickets has version 0.
            let source = pair.stock_version.unwrap_or_default();
            let copy = pair.copied_stock_version.unwrap_or_default();
            if copy > source {
                let text = format!("version {source} of its stock, its copy is of {copy}");
                return Some(Fault::about(pair.id, text));
            }
            (source == copy && copy > 0)
                .then(|| others(pair, &pair.stock_differs))
                .flatten()
        }),
    ]
}

fn others(pair: &Pair, fields: &str) -> Option<Fault> {
    let differ = || Fault::about(pair.id, format!("the copy has another {fields}"));
    (!fields.is_empty()).then(differ)
}

/// Copies that are behind. They come on by themselves, each version of them is another fault.
#[must_use]
pub fn current(seen: usize, odd: &[Pair]) -> Vec<Finding> {
    vec![
        Finding::of_each(I::TicketsCurrent, seen, odd, |pair| {
            let (source, copy) = (pair.ticket_version?, pair.copied_version);
            // One that was withdrawn before orders ever heard of it needs no copy.
            if copy.is_none() && pair.deleted {
                return None;
            }
            (copy < Some(source)).then(|| behind(pair, source, copy))
        }),
        Finding::of_each(I::StockCurrent, seen, odd, |pair| {
            let (source, copy) = (pair.stock_version?, pair.copied_stock_version);
            (copy < Some(source) && pair.ticket_version.is_some())
                .then(|| behind(pair, source, copy))
        }),
    ]
}

fn behind(pair: &Pair, source: i64, copy: Option<i64>) -> Fault {
    let copy = shown(copy);
    Fault::about(pair.id, format!("version {source}, its copy is of {copy}")).while_at(copy)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    /// Version of a ticket, of its copy, of a stock, of its copy.
    fn pair(
        ticket: Option<i64>,
        copied: Option<i64>,
        stock: Option<i64>,
        told: Option<i64>,
    ) -> Pair {
        Pair {
            id: Uuid::nil(),
            ticket_version: ticket,
            copied_version: copied,
            deleted: false,
            ticket_differs: String::new(),
            stock_version: stock,
            copied_stock_version: told,
            stock_differs: String::new(),
        }
    }

    #[rstest]
    #[case::new(pair(Some(1), None, None, Some(0)), &[I::TicketsCurrent])]
    #[case::not_told_yet(pair(Some(1), Some(1), Some(1), Some(0)), &[I::StockCurrent])]
    #[case::edited(pair(Some(2), Some(1), Some(5), Some(5)), &[I::TicketsCurrent])]
    #[case::sold(pair(Some(2), Some(2), Some(5), Some(4)), &[I::StockCurrent])]
    #[case::of_nothing(pair(None, Some(2), Some(5), None), &[I::TicketCopy])]
    #[case::ahead(pair(Some(1), Some(2), Some(5), Some(5)), &[I::TicketCopy])]
    #[case::told_of_nothing(pair(Some(1), Some(1), Some(5), Some(6)), &[I::StockCopy])]
    #[case::gone(pair(Some(1), None, None, Some(6)), &[I::StockCopy, I::TicketsCurrent])]
    fn versions(#[case] pair: Pair, #[case] expected: &[I]) {
        let pairs = [pair];
        let findings = [equal(1, &pairs), current(1, &pairs)].concat();
        let broken: Vec<_> = findings
            .into_iter()
            .filter_map(|finding| (!finding.faults.is_empty()).then_some(finding.invariant))
            .collect();
        assert_eq!(broken, expected);
    }

    #[test]
    fn what_differs_counts_only_at_the_same_version() {
        let mut pair = pair(Some(2), Some(1), Some(5), Some(4));
        (pair.ticket_differs, pair.stock_differs) = ("title".into(), "held".into());
        let faults = |pair: &Pair| {
            let findings = equal(1, std::slice::from_ref(pair));
            findings
                .iter()
                .map(|finding| finding.faults.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(faults(&pair), [0, 0]);
        (pair.copied_version, pair.copied_stock_version) = (Some(2), Some(5));
        assert_eq!(faults(&pair), [1, 1]);
    }

    #[test]
    fn a_ticket_that_was_withdrawn_unheard_of_needs_no_copy() {
        let mut pair = pair(Some(2), None, None, Some(0));
        pair.deleted = true;
        let findings = current(1, &[pair]);
        assert!(findings.iter().all(|finding| finding.faults.is_empty()));
    }
}
