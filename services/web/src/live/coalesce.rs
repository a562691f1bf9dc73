//! Of what changes often, only the newest, and not more often than anybody can read.
//!
//! The first change of a subject is passed on at once; those that follow within its interval wait, each in
//! the place of the one before or joined with it, until the interval is over. Nothing here reads a clock.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::positions::Positions;

/// No interval is longer. What is due later than this from now was set by a clock that was set back since.
const LONGEST: TimeDelta = TimeDelta::seconds(2);

/// What waits, by its subject.
#[derive(Debug)]
pub struct Coalesce<K, V> {
    slots: HashMap<K, Slot<V>>,
    due: BTreeMap<(DateTime<Utc>, u64), K>,
    /// By arrival: where everything had been seen before the first of those that wait for the same.
    waiting: BTreeMap<u64, Positions>,
    next: u64,
    /// Makes one of what waits and what comes.
    join: fn(&mut V, V),
}

#[derive(Debug)]
struct Slot<V> {
    interval: TimeDelta,
    waiting: Option<(u64, V)>,
}

impl<K, V> Default for Coalesce<K, V> {
    /// Nothing waits. Only the newest counts.
    fn default() -> Self {
        Self::joining(|waiting, change| *waiting = change)
    }
}

impl<K, V> Coalesce<K, V> {
    /// Nothing waits. `join` makes one of what waits and a later change of the same subject.
    #[must_use]
    pub fn joining(join: fn(&mut V, V)) -> Self {
        Self {
            slots: HashMap::new(),
            due: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            join,
        }
    }
}

impl<K: Copy + Eq + Hash, V> Coalesce<K, V> {
    /// A change, seen after `before`. Returns it if it is to be passed on at once.
    pub fn pass(
        &mut self,
        subject: K,
        change: V,
        before: Positions,
        interval: TimeDelta,
        now: DateTime<Utc>,
    ) -> Option<V> {
        if self.slots.contains_key(&subject) {
            self.wait(subject, change, before);
            return None;
        }
        self.open(subject, interval, now);
        Some(change)
    }

    /// A change that waits in any case.
    pub fn hold(
        &mut self,
        subject: K,
        change: V,
        before: Positions,
        interval: TimeDelta,
        now: DateTime<Utc>,
    ) {
        if !self.slots.contains_key(&subject) {
            self.open(subject, interval, now);
        }
        self.wait(subject, change, before);
    }

    /// What has waited long enough, in the order in which it was due.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<V> {
        let mut changes = Vec::new();
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > now && at <= now + LONGEST {
                break;
            }
            let subject = entry.remove();
            let Some(slot) = self.slots.get_mut(&subject) else {
                continue;
            };
            let interval = slot.interval;
            match slot.waiting.take() {
                Some((arrival, change)) => {
                    self.waiting.remove(&arrival);
                    changes.push(change);
                    self.arm(subject, now + interval);
                }
                // It has been quiet: the next is passed on at once again.
                None => {
                    self.slots.remove(&subject);
                }
            }
        }
        changes
    }

    /// Up to where nothing waits any more; `None` when nothing waits at all.
    #[must_use]
    pub fn settled(&self) -> Option<Positions> {
        self.waiting.values().next().copied()
    }

    fn open(&mut self, subject: K, interval: TimeDelta, now: DateTime<Utc>) {
        let interval = interval.min(LONGEST);
        let waiting = None;
        self.slots.insert(subject, Slot { interval, waiting });
        self.arm(subject, now + interval);
    }

    fn arm(&mut self, subject: K, at: DateTime<Utc>) {
        self.next += 1;
        self.due.insert((at, self.next), subject);
    }

    fn wait(&mut self, subject: K, change: V, before: Positions) {
        let Some(slot) = self.slots.get_mut(&subject) else {
            return;
        };
        match &mut slot.waiting {
            Some((_, waiting)) => (self.join)(waiting, change),
            none => {
                self.next += 1;
                *none = Some((self.next, change));
                self.waiting.insert(self.next, before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ticketing_messaging::Stamp;

    use super::*;

    const HALF: TimeDelta = TimeDelta::milliseconds(500);

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
    }

    fn place(number: i64) -> Positions {
        Positions([Stamp::from_number(number); 3])
    }

    #[test]
    fn the_first_at_once_and_of_the_rest_the_newest() {
        let mut coalesce = Coalesce::default();
        assert_eq!(coalesce.pass('a', 1, place(0), HALF, at(0)), Some(1));
        for value in 2..=100 {
            assert_eq!(coalesce.pass('a', value, place(0), HALF, at(value)), None);
        }
        assert!(coalesce.due(at(499)).is_empty());
        assert_eq!(coalesce.due(at(500)), [100]);
        assert_eq!(coalesce.pass('a', 101, place(0), HALF, at(501)), None);
        assert!(coalesce.due(at(999)).is_empty());
        assert_eq!(coalesce.due(at(1000)), [101]);
        assert!(coalesce.due(at(1500)).is_empty(), "nothing more came");
        assert_eq!(coalesce.pass('a', 102, place(0), HALF, at(1500)), Some(102));
    }

    #[test]
    fn what_waits_may_be_joined() {
        let join = |waiting: &mut Vec<i64>, change: Vec<i64>| waiting.extend(change);
        let mut coalesce = Coalesce::joining(join);
        let mut pass = |value| coalesce.pass('a', vec![value], place(value), HALF, at(value));
        assert_eq!(pass(1), Some(vec![1]));
        assert_eq!((pass(2), pass(3)), (None, None));
        assert_eq!(coalesce.settled(), Some(place(2)), "the first that waits");
        assert_eq!(coalesce.due(at(501)), [[2, 3]]);
        assert_eq!(coalesce.pass('a', vec![4], place(4), HALF, at(502)), None);
        assert_eq!(coalesce.due(at(1001)), [[4]], "each is told once");
    }

    #[test]
    fn one_subject_does_not_wait_for_another() {
        let mut coalesce = Coalesce::default();
        assert!(coalesce.pass('a', 1, place(0), HALF, at(0)).is_some());
        assert!(coalesce.pass('b', 1, place(0), HALF, at(1)).is_some());
    }

    #[test]
    fn what_is_held_waits_as_well() {
        let mut coalesce = Coalesce::default();
        coalesce.hold('a', 1, place(0), HALF, at(0));
        coalesce.hold('a', 2, place(0), HALF, at(300));
        assert!(coalesce.due(at(499)).is_empty());
        assert_eq!(coalesce.due(at(500)), [2]);
    }

    /// Whoever comes back to where it is settled is told of everything that waits.
    #[test]
    fn settled_is_what_lies_before_all_that_waits() {
        let mut coalesce = Coalesce::default();
        coalesce.pass('a', 1, place(1), HALF, at(0));
        assert_eq!(coalesce.settled(), None);
        coalesce.pass('a', 2, place(2), HALF, at(1));
        coalesce.pass('b', 1, place(3), HALF, at(2));
        coalesce.pass('b', 2, place(4), HALF, at(3));
        coalesce.pass('a', 3, place(5), HALF, at(4));
        assert_eq!(
            coalesce.settled(),
            Some(place(2)),
            "the first of 'a' that waits"
        );
        assert_eq!(coalesce.due(at(500)), [3]);
        assert_eq!(coalesce.settled(), Some(place(4)));
        assert_eq!(coalesce.due(at(502)), [2]);
        assert_eq!(coalesce.settled(), None);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_back() {
        let mut coalesce = Coalesce::default();
        coalesce.pass('a', 1, place(0), HALF, at(3_600_000));
        coalesce.pass('a', 2, place(0), HALF, at(0));
        assert_eq!(coalesce.due(at(1)), [2]);
        assert!(coalesce.due(at(500)).is_empty());
        assert!(coalesce.due(at(501)).is_empty());
        assert!(coalesce.pass('a', 3, place(0), HALF, at(502)).is_some());
    }

    proptest! {
        /// Whatever comes when: per subject at most two a second, nothing older after something newer, and
        /// the newest in the end.
        #[test]
        fn at_most_two_a_second_and_the_newest_in_the_end(
            arrivals in prop::collection::vec((0..3_000_i64, 0..3_u8), 1..200),
        ) {
            let mut arrivals = arrivals;
            arrivals.sort_unstable();
            let (mut coalesce, mut told) = (Coalesce::default(), Vec::new());
            let mut arrivals = arrivals.into_iter().enumerate().peekable();
            let mut newest = HashMap::new();
            for millis in 0..4_100 {
                while let Some((number, (_, key))) = arrivals.next_if(|(_, (then, _))| *then == millis) {
                    newest.insert(key, number);
                    let passed = coalesce.pass(key, (key, number), place(0), HALF, at(millis));
                    told.extend(passed.map(|change| (millis, change)));
                }
                told.extend(coalesce.due(at(millis)).into_iter().map(|change| (millis, change)));
            }
            for (key, last) in newest {
                let of_key: Vec<_> = told.iter().filter(|(_, change)| change.0 == key).collect();
                for pair in of_key.windows(2) {
                    prop_assert!(pair[1].0 - pair[0].0 >= 500);
                    prop_assert!(pair[1].1.1 > pair[0].1.1);
                }
                prop_assert_eq!(of_key.last().map(|(_, change)| change.1), Some(last));
            }
            prop_assert_eq!(coalesce.settled(), None);
        }
    }
}
