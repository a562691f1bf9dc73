//! Below which number of the outbox nothing unpublished can be any more.
//!
//! Rows are found by an index of those that have no stamp. Every row has been in there, and until a
//! vacuum the index still has to step over each of them: with millions of rows a poll would take
//! longer and longer. So the relay begins above a floor. A row can appear below numbers that are
//! published already, because its transaction committed later; the floor is therefore raised only
//! to where all transactions have ended that could hold a number below it.

use std::time::{Duration, Instant};

/// How far the database is, read before the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Horizon {
    /// The last number that was taken.
    pub seq: i64,
    /// All transactions below this one have ended.
    pub oldest: i64,
    /// This look's own transaction: those that had begun before have lower ids.
    pub next: i64,
}

/// Without any floor this often, in case that a number was taken before its transaction had an id.
const SWEEP: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Floor {
    value: i64,
    /// The last number taken, as of the look before.
    seen: Option<i64>,
    /// Once all transactions below `.1` have ended, nothing appears up to `.0`.
    mark: Option<(i64, i64)>,
    swept: Instant,
}

impl Floor {
    pub fn new() -> Self {
        Self {
            value: 0,
            seen: None,
            mark: None,
            swept: Instant::now(),
        }
    }

    /// Where to begin to read.
    pub fn begin(&mut self) -> i64 {
        if self.swept.elapsed() > SWEEP {
            self.swept = Instant::now();
            return 0;
        }
        self.value
    }

    pub fn value(&self) -> i64 {
        self.value
    }

    /// All rows that were read after `horizon` are stamped: all that there were, or (`upto`) all up
    /// to a number.
    pub fn raise(&mut self, horizon: Horizon, upto: Option<i64>) {
        if let Some((seq, next)) = self.mark
            && horizon.oldest >= next
        {
            // More is unpublished above `upto`.
            self.value = self.value.max(upto.map_or(seq, |upto| seq.min(upto)));
            self.mark = None;
        }
        // A number was taken by a transaction that had begun: before a look after that.
        if self.mark.is_none() {
            self.mark = self.seen.map(|seq| (seq, horizon.next));
        }
        self.seen = Some(horizon.seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon(seq: i64, oldest: i64, next: i64) -> Horizon {
        Horizon { seq, oldest, next }
    }

    #[test]
    fn a_quiet_database_raises_it_in_three_looks() {
        let mut floor = Floor::new();
        for _ in 0..3 {
            assert_eq!(floor.begin(), 0);
            floor.raise(horizon(10, 100, 100), None);
        }
        assert_eq!(floor.begin(), 10);
    }

    #[test]
    fn a_transaction_that_is_in_progress_holds_it() {
        let mut floor = Floor::new();
        for seq in [10, 20, 30, 40] {
            floor.raise(horizon(seq, 100, 101), None);
            assert_eq!(floor.begin(), 0);
        }
        floor.raise(horizon(50, 101, 102), None);
        assert_eq!(floor.begin(), 10);
    }

    #[test]
    fn what_was_not_read_yet_is_not_below_it() {
        let mut floor = Floor::new();
        for _ in 0..3 {
            floor.raise(horizon(1000, 100, 100), Some(500));
        }
        assert_eq!(floor.begin(), 500);
    }

    #[test]
    fn it_never_falls() {
        let mut floor = Floor::new();
        for _ in 0..3 {
            floor.raise(horizon(1000, 100, 100), None);
        }
        for _ in 0..3 {
            floor.raise(horizon(1000, 100, 100), Some(5));
        }
        assert_eq!(floor.value(), 1000);
    }
}
