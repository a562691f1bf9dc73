//! What facts mean. Pure.

pub mod copies;
pub mod messaging;
pub mod orders;
pub mod payments;
pub mod schedule;
pub mod stock;

use crate::invariant::Invariant;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is about, and in which state: when that moves on, a fault that is there again is another
    /// one.
    pub key: String,
    /// What was found, for people.
    pub text: String,
}

/// How one invariant fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub invariant: Invariant,
    /// How many things were looked at.
    pub seen: usize,
    /// Those that are not as they must be.
    pub faults: Vec<Fault>,
}

impl Finding {
    /// Asks `wrong` of each of `things`.
    pub fn of_each<'a, T: 'a>(
        invariant: Invariant,
        seen: usize,
        things: impl IntoIterator<Item = &'a T>,
        wrong: impl Fn(&'a T) -> Option<Fault>,
    ) -> Self {
        Self {
            invariant,
            seen,
            faults: things.into_iter().filter_map(wrong).collect(),
        }
    }
}

impl Fault {
    /// About `key` in whatever state: `key: text`.
    pub fn about(key: impl ToString, text: impl std::fmt::Display) -> Self {
        let key = key.to_string();
        Self {
            text: format!("{key}: {text}"),
            key,
        }
    }

    /// The same, while `state` lasts.
    #[must_use]
    pub fn while_at(mut self, state: impl std::fmt::Display) -> Self {
        self.key = format!("{} {state}", self.key);
        self
    }
}

/// A value that may be missing, for people.
fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}
