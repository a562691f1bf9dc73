//! Writes several payments' steps by one transaction.
//!
//! Nearly every payment takes the same steps, and each is on the disk before the next one asks anybody. So
//! they wait in a queue. While one transaction is under way the next batch gathers; one transaction writes
//! all of it, by a statement for each kind of step, commits once, and then everybody is answered. The more
//! wait, the less each costs; one that is alone waits for nobody.
//!
//! A batch takes what is plain and promises nothing. What is not as its asker knows it, what is locked
//! elsewhere, and all of a batch that failed is answered as not done: its asker does it alone, as if there
//! were no batches. Only where the database is away there is nothing to be done alone either.
//!
//! There is one step of a payment in a batch at most, and a second one waits for the next batch: they are
//! done in the order in which they came. Hints come after all steps of their batch, for what is written
//! about a payment must not put off again what a hint wants looked at.

mod batch;
mod session;
mod transact;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ticketing_contracts::ids::PaymentId;
use ticketing_messaging::Wake;
use ticketing_postgres::DatabaseSettings;
use ticketing_runtime::Pace;
use tokio::sync::{Notify, mpsc, oneshot};

use self::{batch::Batch, session::Session, transact::Batches};
use super::Patience;
use crate::{
    error::Error,
    store::{
        batch::{Begin, Confirming, Success},
        webhooks::Hint,
    },
};

/// So many may wait; more go alone.
const QUEUE: usize = 4096;

/// The most that one transaction writes.
const MOST: usize = 128;

/// Of batches.
const PACE: Pace = Pace {
    enough: 64,
    most: Duration::from_millis(20),
};

/// What a [`Writer`] needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The schema, for the writer's own session.
    pub database: DatabaseSettings,
    /// This instance, which makes the attempts.
    pub instance: Arc<str>,
    /// When things are looked at.
    pub patience: Patience,
    /// What publishes events.
    pub wake: Wake,
    /// Says that a payment is due.
    pub bell: Arc<Notify>,
}

/// Has steps written together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer(mpsc::Sender<Step>);

/// A step, and who waits for it.
enum Step {
    Begin(Asked<Begin>),
    Confirm(Asked<Confirming>),
    Succeed(Asked<Success>),
    Note(Asked<Hint>),
}

struct Asked<Q> {
    question: Q,
    answer: oneshot::Sender<Answer>,
}

enum Answer {
    /// It is on the disk.
    Done,
    /// Not here; alone perhaps.
    NotDone,
    /// Nobody can do it now.
    Away(String),
}

impl Writer {
    /// Starts the task that writes. It ends when nobody can ask any more: those who wait are answered,
    /// however the process is shut down.
    #[must_use]
    pub fn start(settings: Settings) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(receiver, Batches::new(settings)));
        Self(sender)
    }

    /// Begins a payment with its first attempt. Returns whether it did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self, begin: Begin) -> Result<bool, Error> {
        self.ask(begin, Step::Begin).await
    }

    /// Commits to ask Stripe to charge an attempt. Returns whether it did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn confirming(&self, attempt: Confirming) -> Result<bool, Error> {
        self.ask(attempt, Step::Confirm).await
    }

    /// Writes a success, and tells of it. Returns whether it did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn succeed(&self, success: Success) -> Result<bool, Error> {
        self.ask(success, Step::Succeed).await
    }

    /// Notes what Stripe has told. Returns whether it did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn note(&self, hint: Hint) -> Result<bool, Error> {
        self.ask(hint, Step::Note).await
    }

    /// Asks, and waits until it is durable. Returns whether it is.
    async fn ask<Q>(&self, question: Q, step: fn(Asked<Q>) -> Step) -> Result<bool, Error> {
        let (answer, answered) = oneshot::channel();
        if self.0.try_send(step(Asked { question, answer })).is_err() {
            return Ok(false);
        }
        match answered.await {
            Ok(Answer::Done) => Ok(true),
            Ok(Answer::Away(cause)) => Err(Error::DatabaseAway(cause)),
            Ok(Answer::NotDone) | Err(_) => Ok(false),
        }
    }
}

impl Step {
    /// The payment that it changes.
    fn payment(&self) -> Option<PaymentId> {
        match self {
            Self::Note(_) => None,
            Self::Begin(asked) => Some(asked.question.payment.id),
            Self::Confirm(asked) => Some(asked.question.id),
            Self::Succeed(asked) => Some(asked.question.id),
        }
    }
}

async fn serve(mut receiver: mpsc::Receiver<Step>, mut batches: Batches) {
    let mut waiting = Vec::with_capacity(MOST);
    while gather(&mut receiver, &mut waiting).await {
        let began = Instant::now();
        let steps = waiting.len();
        batches.run(Batch::take(&mut waiting)).await;
        PACE.rest(began, steps).await;
    }
}

/// Takes all that waits, behind what was left of the batch before; waits if there is nothing. Returns
/// whether there is something.
async fn gather(receiver: &mut mpsc::Receiver<Step>, waiting: &mut Vec<Step>) -> bool {
    if waiting.is_empty() {
        return receiver.recv_many(waiting, MOST).await > 0;
    }
    while waiting.len() < MOST
        && let Ok(step) = receiver.try_recv()
    {
        waiting.push(step);
    }
    true
}
