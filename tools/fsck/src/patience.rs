//! What stays wrong, and what was only on its way. Pure.
//!
//! A relay that is a millisecond behind is no breach, and neither is a copy that lags in every look but
//! each time by another version. So a fault has a key that holds its state, and counts when it was
//! found in look after look for as long as one was willing to wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    checks::{Fault, Finding},
    invariant::Invariant,
};

/// Remembers looks.
#[derive(Debug)]
pub struct Patience {
    wait: Duration,
    /// Since when each fault has been found in every look.
    wrong: BTreeMap<(Invariant, String), Duration>,
    /// Faults that went away.
    passed: BTreeMap<Invariant, BTreeSet<String>>,
    last: Vec<Finding>,
}

/// What to do after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Look again.
    LookAgain,
    /// Enough was seen.
    Done,
}

/// How one invariant fared over all looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The last look; its faults are those that stayed.
    pub finding: Finding,
    /// How many faults were there for a while.
    pub passed: usize,
}

impl Patience {
    /// Gives every fault `wait` to go away.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Self {
            wait,
            wrong: BTreeMap::new(),
            passed: BTreeMap::new(),
            last: Vec::new(),
        }
    }

    /// Notes a look, `at` after the first.
    pub fn note(&mut self, at: Duration, findings: Vec<Finding>) -> Next {
        let key = |finding: &Finding, fault: &Fault| (finding.invariant, fault.key.clone());
        let found: BTreeSet<_> = findings
            .iter()
            .flat_map(|finding| finding.faults.iter().map(move |fault| key(finding, fault)))
            .collect();
        let gone = self.wrong.keys().filter(|key| !found.contains(*key));
        for (invariant, subject) in gone.cloned().collect::<Vec<_>>() {
            self.wrong.remove(&(invariant, subject.clone()));
            self.passed.entry(invariant).or_default().insert(subject);
        }
        let nothing_found = found.is_empty();
        // What comes up when the time is over is not waited for: something moves, and always will.
        if self.last.is_empty() || at <= self.wait {
            for key in found {
                self.wrong.entry(key).or_insert(at);
            }
        }
        self.last = findings;
        let waited_for = self.wrong.values().all(|since| at - *since >= self.wait);
        if nothing_found || (at >= self.wait && waited_for) {
            Next::Done
        } else {
            Next::LookAgain
        }
    }

    /// How many faults of each invariant are being waited for.
    #[must_use]
    pub fn waiting_for(&self) -> BTreeMap<Invariant, usize> {
        let mut counts = BTreeMap::new();
        for (invariant, _) in self.wrong.keys() {
            *counts.entry(*invariant).or_default() += 1;
        }
        counts
    }

    /// What is left.
    #[must_use]
    pub fn verdicts(self) -> Vec<Verdict> {
        let verdict = |mut finding: Finding| {
            let invariant = finding.invariant;
            let found = finding.faults.len();
            let stays = |fault: &Fault| self.wrong.contains_key(&(invariant, fault.key.clone()));
            finding.faults.retain(stays);
            let moved_on = found - finding.faults.len();
            let passed = self.passed.get(&invariant).map_or(0, BTreeSet::len) + moved_on;
            Verdict { finding, passed }
        };
        self.last.iter().cloned().map(verdict).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(keys: &[&str]) -> Vec<Finding> {
        vec![Finding {
            invariant: Invariant::Outbox,
            seen: 3,
            faults: keys.iter().map(|key| Fault::about(key, "odd")).collect(),
        }]
    }

    fn outcome(looks: &[(u64, &[&str])]) -> (Vec<Next>, Vec<String>, usize) {
        let mut patience = Patience::new(Duration::from_secs(10));
        let note =
            |(at, keys): &(u64, &[&str])| patience.note(Duration::from_secs(*at), look(keys));
        let next = looks.iter().map(note).collect();
        let verdict = patience.verdicts().remove(0);
        let faults = verdict.finding.faults.into_iter();
        (
            next,
            faults.map(|fault| fault.key).collect(),
            verdict.passed,
        )
    }

    use Next::{Done, LookAgain};

    #[test]
    fn one_clean_look_is_enough() {
        assert_eq!(outcome(&[(0, &[])]), (vec![Done], vec![], 0));
        let settled = outcome(&[(0, &["a", "b"]), (1, &["b"]), (2, &[])]);
        assert_eq!(settled, (vec![LookAgain, LookAgain, Done], vec![], 2));
    }

    #[test]
    fn what_stays_is_a_breach() {
        let stays = outcome(&[(0, &["a", "b"]), (5, &["a"]), (10, &["a"])]);
        assert_eq!(
            stays,
            (vec![LookAgain, LookAgain, Done], vec!["a".into()], 1)
        );
    }

    #[test]
    fn what_moves_on_is_none() {
        let moves = outcome(&[(0, &["a 1"]), (5, &["a 2"]), (9, &["a 3"]), (19, &["a 9"])]);
        let next = vec![LookAgain, LookAgain, LookAgain, Done];
        assert_eq!(moves, (next, vec![], 4));
    }

    #[test]
    fn what_comes_late_is_given_its_time() {
        let late = outcome(&[
            (0, &["a"]),
            (9, &["b"]),
            (11, &["b", "c"]),
            (19, &["b", "d"]),
        ]);
        let next = vec![LookAgain, LookAgain, LookAgain, Done];
        assert_eq!(late, (next, vec!["b".into()], 2));
    }

    #[test]
    fn what_comes_and_goes_is_given_its_time_anew() {
        let flickers = outcome(&[(0, &["a"]), (5, &[][..]), (6, &["a"])]);
        assert_eq!(flickers.0, [LookAgain, Done, LookAgain]);
    }

    #[test]
    fn no_patience_takes_the_first_look() {
        let mut patience = Patience::new(Duration::ZERO);
        assert_eq!(patience.note(Duration::from_millis(1), look(&["a"])), Done);
        assert_eq!(patience.verdicts()[0].finding.faults.len(), 1);
    }
}
