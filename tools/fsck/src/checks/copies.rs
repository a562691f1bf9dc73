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
            match (pair.stock_version, pair.copied_stock_version) {
                (source, copy) if copy > source => Some(Fault::about(
                    pair.id,
                    format!(
                        "version {} of its stock, its copy is of {}",
                        shown(source),
                        shown(copy)
                    ),
                )),
                (source, copy) => (source == copy)
                    .then(|| others(pair, &pair.stock_differs))
                    .flatten(),
            }
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
