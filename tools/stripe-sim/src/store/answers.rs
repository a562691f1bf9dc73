//! Idempotency keys (<https://docs.stripe.com/api/idempotent_requests>).
//!
//! The first request with a key is done; a repeat gets its answer, a stored failure as well. While the
//! first is under way a repeat is refused, and so is another request with the same key.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::domain::{
    entry::{Entry, IdempotencyKey},
    error::StripeError,
};

/// Stripe forgets keys after a day.
const KEPT: i64 = 24 * 3600;

/// Answers by key.
#[derive(Debug, Default)]
pub struct Answers {
    slots: HashMap<String, Slot>,
    /// In the order in which they were given.
    given: VecDeque<(i64, String)>,
}

#[derive(Debug)]
enum Slot {
    UnderWay { fingerprint: String },
    Given(Arc<Entry>),
}

/// What a request with a key is.
#[derive(Debug)]
pub enum Claim {
    /// The first: to be done, and then given or released.
    First,
    /// A repeat, and what the first was answered.
    Repeat(Arc<Entry>),
}

impl Answers {
    /// A request with a key has come.
    ///
    /// # Errors
    /// When the first is under way, or was another request.
    pub fn claim(&mut self, key: &IdempotencyKey, now: i64) -> Result<Claim, StripeError> {
        self.forget(now);
        let (fingerprint, claim) = match self.slots.get(&key.key) {
            None => {
                let fingerprint = key.fingerprint.clone();
                let slot = Slot::UnderWay { fingerprint };
                self.slots.insert(key.key.clone(), slot);
                return Ok(Claim::First);
            }
            Some(Slot::UnderWay { fingerprint }) => {
                (Some(fingerprint), Err(StripeError::key_in_use(&key.key)))
            }
            Some(Slot::Given(entry)) => {
                let first = entry.key.as_ref().map(|key| &key.fingerprint);
                (first, Ok(Claim::Repeat(entry.clone())))
            }
        };
        if fingerprint != Some(&key.fingerprint) {
            return Err(StripeError::idempotency(format!(
                "Keys for idempotent requests can only be used with the same parameters they were \
                 first used with. Try using a key other than '{}' if you meant to execute a \
                 different request.",
                key.key
            )));
        }
        claim
    }

    /// The first request did not begin: its key is free again.
    pub fn release(&mut self, key: &IdempotencyKey) {
        if let Some(Slot::UnderWay { .. }) = self.slots.get(&key.key) {
            self.slots.remove(&key.key);
        }
    }

    /// The first request was answered.
    pub fn give(&mut self, entry: &Arc<Entry>) {
        if let Some(key) = &entry.key {
            self.slots
                .insert(key.key.clone(), Slot::Given(entry.clone()));
            self.given.push_back((entry.at, key.key.clone()));
        }
    }

    fn forget(&mut self, now: i64) {
        while let Some((_, key)) = self.given.pop_front_if(|(at, _)| *at + KEPT < now) {
            self.slots.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::Outcome;

    fn key(fingerprint: &str) -> IdempotencyKey {
        IdempotencyKey {
            key: "k".into(),
            fingerprint: fingerprint.into(),
        }
    }

    fn given(at: i64) -> Arc<Entry> {
        let mut entry = Entry::new(at, Outcome::Intent);
        entry.key = Some(key("a"));
        Arc::new(entry)
    }

    fn status(claim: Result<Claim, StripeError>) -> u16 {
        claim.err().map_or(200, |error| error.status)
    }

    #[test]
    fn the_first_is_done_and_repeats_get_its_answer() {
        let mut answers = Answers::default();
        assert!(matches!(answers.claim(&key("a"), 0), Ok(Claim::First)));
        assert_eq!(status(answers.claim(&key("a"), 0)), 409);
        assert_eq!(status(answers.claim(&key("b"), 0)), 400);

        let entry = given(0);
        answers.give(&entry);
        let repeat = answers.claim(&key("a"), 0);
        assert!(matches!(repeat, Ok(Claim::Repeat(repeated)) if repeated == entry));
        assert_eq!(status(answers.claim(&key("b"), 0)), 400);
    }

    #[test]
    fn what_did_not_begin_leaves_the_key_free() {
        let mut answers = Answers::default();
        _ = answers.claim(&key("a"), 0);
        answers.release(&key("a"));
        assert!(matches!(answers.claim(&key("b"), 0), Ok(Claim::First)));
    }

    #[test]
    fn an_answer_is_not_released() {
        let mut answers = Answers::default();
        answers.give(&given(0));
        answers.release(&key("a"));
        assert!(matches!(answers.claim(&key("a"), 0), Ok(Claim::Repeat(_))));
    }

    #[test]
    fn keys_are_forgotten_after_a_day() {
        let mut answers = Answers::default();
        answers.give(&given(0));
        assert!(matches!(
            answers.claim(&key("a"), KEPT),
            Ok(Claim::Repeat(_))
        ));
        assert!(matches!(
            answers.claim(&key("a"), KEPT + 1),
            Ok(Claim::First)
        ));
    }
}
