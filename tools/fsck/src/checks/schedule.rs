//! Open orders against the deadlines in Redis.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Fault, Finding};
use crate::{
    invariant::Invariant as I,
    store::{deadlines::Deadlines, orders::Open},
};

/// `now` by Postgres' clock, `bound` after their release orders may still be open.
#[must_use]
pub fn open_orders(
    open: &[Open],
    deadlines: &Deadlines,
    now: DateTime<Utc>,
    bound: TimeDelta,
) -> Vec<Finding> {
    let scheduled: HashSet<_> = deadlines.kept.iter().copied().collect();
    let is_stuck = |at: DateTime<Utc>| at + bound < now;
    let unscheduled = Finding::of_each(I::Scheduled, open.len(), open, |order| {
        let (id, at) = (order.id, order.release_at);
        let missing = at > now && !scheduled.contains(&(id, at));
        missing
            .then(|| Fault::about(id, format!("its release at {at} is not scheduled")).while_at(at))
    });
    let mut overdue = Finding::of_each(I::Overdue, open.len(), open, |order| {
        let (id, at) = (order.id, order.release_at);
        is_stuck(at)
            .then(|| Fault::about(id, format!("open, though its release was at {at}")).while_at(at))
    });
    let left = deadlines.kept.iter().filter(|(_, at)| is_stuck(*at));
    overdue.faults.extend(left.map(|(id, at)| {
        let fault = Fault::about(
            id,
            format!("its deadline {at} has passed and is still there"),
        );
        fault.while_at(format!("deadline {at}"))
    }));
    vec![unscheduled, overdue]
}

/// Deadlines of orders that there are not, and members that are no deadlines.
#[must_use]
pub fn known(deadlines: &Deadlines, unknown: &[Uuid]) -> Finding {
    let seen = deadlines.kept.len() + deadlines.malformed.len();
    let mut finding = Finding::of_each(I::KnownOrders, seen, unknown, |id| {
        Some(Fault::about(id, "scheduled, and there is no such order"))
    });
    let malformed = deadlines.malformed.iter();
    finding
        .faults
        .extend(malformed.map(|member| Fault::about(format!("{member:?}"), "no deadline at all")));
    finding
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    #[rstest]
    #[case::scheduled(Some(60), Some(60), &[])]
    #[case::not_scheduled(Some(60), None, &[I::Scheduled])]
    #[case::scheduled_for_another_time(Some(60), Some(50), &[I::Scheduled])]
    #[case::just_over(Some(-9), None, &[])]
    #[case::over_for_long(Some(-11), None, &[I::Overdue])]
    #[case::about_to_fire(None, Some(-9), &[])]
    #[case::it_does_not_fire(None, Some(-11), &[I::Overdue])]
    #[case::it_is_over_already(None, Some(60), &[])]
    fn orders_and_deadlines(
        #[case] open: Option<i64>,
        #[case] kept: Option<i64>,
        #[case] expected: &[I],
    ) {
        let id = Uuid::nil();
        let open: Vec<_> = open
            .map(|seconds| Open {
                id,
                release_at: at(seconds),
            })
            .into_iter()
            .collect();
        let deadlines = Deadlines {
            kept: kept.map(|seconds| (id, at(seconds))).into_iter().collect(),
            malformed: Vec::new(),
        };
        let broken: Vec<_> = open_orders(&open, &deadlines, at(0), TimeDelta::seconds(10))
            .into_iter()
            .filter_map(|finding| (!finding.faults.is_empty()).then_some(finding.invariant))
            .collect();
        assert_eq!(broken, expected);
    }
}
