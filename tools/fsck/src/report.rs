//! What is told: a line for each invariant, and a last one for all.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use crate::{invariant::Invariant, patience::Verdict, store::MOST};

/// How many faults a line shows.
const EXAMPLES: usize = 5;

/// How everything fared.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether nothing is broken.
    pub clean: bool,
    /// What was looked at.
    pub invariants: Vec<Line>,
    /// What was not.
    pub left_out: Vec<Invariant>,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
}

/// How one invariant fared.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Which.
    pub name: Invariant,
    /// Whether it holds.
    pub holds: bool,
    /// What must be true.
    pub statement: &'static str,
    /// How many …
    pub looked_at: usize,
    /// … of what.
    pub of: &'static str,
    /// How many faults there are; there may be more from a thousand on.
    pub faults: usize,
    /// Some of them; of dead letters all.
    pub examples: Vec<String>,
    /// How many faults were there for a while and went away by themselves.
    pub passed: usize,
}

impl Report {
    /// Tells of these, in the order of the invariants.
    #[must_use]
    pub fn of(verdicts: Vec<Verdict>, took: Duration) -> Self {
        let mut invariants: Vec<_> = verdicts.into_iter().map(Line::of).collect();
        invariants.sort_by_key(|line| line.name);
        let is_told = |invariant: &Invariant| invariants.iter().any(|line| line.name == *invariant);
        Self {
            clean: invariants.iter().all(|line| line.holds),
            left_out: Invariant::all().filter(|i| !is_told(i)).collect(),
            invariants,
            took,
        }
    }

    /// Whether nothing is broken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    /// The names of what is broken.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.invariants.iter().filter(|line| !line.holds);
        broken.map(|line| line.name.name()).collect()
    }
}

impl Line {
    fn of(verdict: Verdict) -> Self {
        let Verdict { finding, passed } = verdict;
        let shown = match finding.invariant {
            Invariant::DeadLetters => usize::MAX,
            _ => EXAMPLES,
        };
        let texts = finding.faults.iter().map(|fault| fault.text.clone());
        Self {
            name: finding.invariant,
            holds: finding.faults.is_empty(),
            statement: finding.invariant.statement(),
            looked_at: finding.seen,
            of: finding.invariant.things(),
            faults: finding.faults.len(),
            examples: texts.take(shown).collect(),
            passed,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.invariants {
            writeln!(f, "{line}")?;
        }
        let broken = self.broken();
        let holding = self.invariants.len() - broken.len();
        let took = self.took.as_secs_f64();
        write!(
            f,
            "fsck: {holding} of {} invariants hold",
            self.invariants.len()
        )?;
        if !broken.is_empty() {
            write!(f, "; broken: {}", broken.join(", "))?;
        }
        match self.left_out[..] {
            [] => {}
            [Invariant::Simulator] => f.write_str("; simulator was left out: none was named")?,
            [..] => {
                let count = self.left_out.len();
                write!(f, "; {count} that hold at rest were left out")?;
            }
        }
        writeln!(f, " ({took:.1} s)")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, name) = (if self.holds { '✓' } else { '✗' }, self.name.name());
        let (seen, of, statement) = (self.looked_at, self.of, self.statement);
        write!(f, "{mark} {name}: {seen} {of}: {statement}")?;
        if !self.holds {
            let count = self.faults;
            let least = if i64::try_from(count).is_ok_and(|c| c < MOST) {
                ""
            } else {
                "at least "
            };
            write!(f, "; not so {least}{count}: {}", self.examples.join("; "))?;
            if self.examples.len() < count {
                f.write_str("; …")?;
            }
        }
        if self.passed > 0 {
            write!(f, " ({} for a while)", self.passed)?;
        }
        Ok(())
    }
}

fn seconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64())
}
