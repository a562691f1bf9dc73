//! What is written together, and who is answered what.

use std::collections::HashSet;

use ticketing_contracts::ids::PaymentId;

use super::{Answer, Asked, Step};
use crate::store::{
    batch::{Begin, Confirming, Success},
    webhooks::{Hint, Noted},
};

/// What is written together.
#[derive(Default)]
pub(super) struct Batch {
    pub begins: Vec<Asked<Begin>>,
    pub confirmings: Vec<Asked<Confirming>>,
    pub successes: Vec<Asked<Success>>,
    pub hints: Vec<Asked<Hint>>,
}

/// What was written.
pub(super) struct Written {
    pub begun: HashSet<PaymentId>,
    pub confirming: HashSet<PaymentId>,
    pub succeeded: HashSet<PaymentId>,
    pub noted: Noted,
}

impl Batch {
    /// Takes what waits, in its order. A second step of a payment is left.
    pub fn take(waiting: &mut Vec<Step>) -> Self {
        let mut batch = Self::default();
        let mut payments = HashSet::new();
        for step in std::mem::take(waiting) {
            match step.payment() {
                Some(payment) if !payments.insert(payment) => waiting.push(step),
                _ => batch.add(step),
            }
        }
        batch
    }

    fn add(&mut self, step: Step) {
        match step {
            Step::Begin(asked) => self.begins.push(asked),
            Step::Confirm(asked) => self.confirmings.push(asked),
            Step::Succeed(asked) => self.successes.push(asked),
            Step::Note(asked) => self.hints.push(asked),
        }
    }

    /// One statement is a transaction of its own; a success and its event are two.
    pub fn needs_a_transaction(&self) -> bool {
        let written = [
            self.begins.is_empty(),
            self.confirmings.is_empty(),
            self.hints.is_empty(),
        ];
        let written = written.iter().filter(|empty| !**empty).count();
        written > 1 || !self.successes.is_empty()
    }

    /// Answers everybody whose step was done, and all others.
    pub fn done(self, written: &Written) {
        let done = |done| if done { Answer::Done } else { Answer::NotDone };
        answer(self.begins, |one| {
            done(written.begun.contains(&one.payment.id))
        });
        answer(self.confirmings, |one| {
            done(written.confirming.contains(&one.id))
        });
        answer(self.successes, |one| {
            done(written.succeeded.contains(&one.id))
        });
        answer(self.hints, |one| {
            done(!written.noted.held.contains(&one.event))
        });
    }

    /// Answers everybody in a batch that failed.
    pub fn not_done(self, away: Option<&str>) {
        answer(self.begins, |_| not_done(away));
        answer(self.confirmings, |_| not_done(away));
        answer(self.successes, |_| not_done(away));
        answer(self.hints, |_| not_done(away));
    }
}

fn not_done(away: Option<&str>) -> Answer {
    away.map_or(Answer::NotDone, |cause| Answer::Away(cause.to_owned()))
}

fn answer<Q>(asked: Vec<Asked<Q>>, mut of: impl FnMut(&Q) -> Answer) {
    for Asked { question, answer } in asked {
        // Whoever has gone away has a result nevertheless.
        _ = answer.send(of(&question));
    }
}

#[cfg(test)]
mod tests {
    use ticketing_messaging::Envelope;
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;

    fn asked<Q>(question: Q) -> Asked<Q> {
        let (answer, _) = oneshot::channel();
        Asked { question, answer }
    }

    fn confirm(number: u128, attempt: i32) -> Step {
        Step::Confirm(asked(Confirming {
            id: PaymentId(Uuid::from_u128(number)),
            attempt,
            intent: "pi_1".to_owned(),
        }))
    }

    fn note(number: u128) -> Step {
        Step::Note(asked(Hint {
            event: "evt_1".to_owned(),
            at: Default::default(),
            intent: "pi_1".to_owned(),
            payment: Some(PaymentId(Uuid::from_u128(number))),
        }))
    }

    fn attempts(batch: &Batch) -> Vec<(u128, i32)> {
        let asked = batch.confirmings.iter().map(|asked| &asked.question);
        asked.map(|one| (one.id.0.as_u128(), one.attempt)).collect()
    }

    #[test]
    fn a_second_step_of_a_payment_waits_and_so_does_what_is_behind_it() {
        let mut waiting = vec![
            confirm(1, 1),
            note(1),
            confirm(1, 2),
            confirm(2, 1),
            confirm(1, 3),
            note(1),
        ];
        let first = Batch::take(&mut waiting);
        assert_eq!(attempts(&first), [(1, 1), (2, 1)]);
        assert_eq!(first.hints.len(), 2);
        waiting.push(confirm(2, 2));
        assert_eq!(attempts(&Batch::take(&mut waiting)), [(1, 2), (2, 2)]);
        assert_eq!(attempts(&Batch::take(&mut waiting)), [(1, 3)]);
        assert!(waiting.is_empty());
    }

    #[test]
    fn what_is_one_statement_needs_no_transaction() {
        let needs = |steps: Vec<Step>| {
            let mut waiting = steps;
            Batch::take(&mut waiting).needs_a_transaction()
        };
        assert!(!needs(vec![confirm(1, 1), confirm(2, 1)]));
        assert!(!needs(vec![note(1), note(2)]));
        assert!(needs(vec![confirm(1, 1), note(1)]));
        let event = Envelope {
            id: Uuid::nil(),
            kind: "payment:created".to_owned(),
            subject: Uuid::nil(),
            version: 1,
            time: Default::default(),
            trace: None,
            data: String::new(),
        };
        let success = Success {
            id: PaymentId(Uuid::nil()),
            version: 1,
            intent: "pi_1".to_owned(),
            event,
        };
        assert!(needs(vec![Step::Succeed(asked(success))]));
    }
}
