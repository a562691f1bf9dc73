//! Where requests wait, and who takes them.

use std::time::{Duration, Instant};

use ticketing_messaging::Wake;
use ticketing_postgres::Pool;
use ticketing_runtime::Pace;
use tokio::sync::{mpsc, oneshot};

use super::{Asked, Error, Manner, batch::Batches};
use crate::domain::Answer;

/// Of batches.
const PACE: Pace = Pace {
    enough: 64,
    most: Duration::from_millis(20),
};

/// How reservations are made.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How stock is changed.
    pub manner: Manner,
    /// So many requests may wait; more are answered 503.
    pub queue: usize,
    /// The most that one transaction decides.
    pub batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            manner: Manner::default(),
            queue: 4096,
            batch: 512,
        }
    }
}

/// Asks for changes of stock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reservations(mpsc::Sender<Waiting>);

/// A request that waits for its answer.
struct Waiting {
    asked: Asked,
    since: Instant,
    answer: oneshot::Sender<Result<Answer, Error>>,
}

impl Reservations {
    /// Starts the task that decides. It ends when nobody can ask any more: those who wait are answered,
    /// however the process is shut down.
    #[must_use]
    pub fn start(pool: Pool, settings: Settings, wake: Wake) -> Self {
        let (sender, receiver) = mpsc::channel(settings.queue.max(1));
        let batches = Batches {
            pool,
            manner: settings.manner,
            wake,
        };
        tokio::spawn(serve(receiver, batches, settings.batch.max(1)));
        Self(sender)
    }

    /// Asks, and waits until the answer is durable. A command alone is asked within the current trace.
    ///
    /// # Errors
    /// [`Error::Busy`] at once when too many wait; else why it was refused or could not be decided.
    pub async fn submit(&self, asked: impl Into<Asked>) -> Result<Answer, Error> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            asked: asked.into(),
            since: Instant::now(),
            answer,
        };
        self.0.try_send(waiting).map_err(|_| Error::Busy)?;
        answered
            .await
            .unwrap_or_else(|_| Err(Error::Internal("the batch was dropped".to_owned())))
    }

    /// How many wait, for metrics.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

async fn serve(mut receiver: mpsc::Receiver<Waiting>, batches: Batches, most: usize) {
    let sizes = metrics::histogram!("orders_batch_size");
    let waits = metrics::histogram!("orders_queue_seconds");
    let mut batch = Vec::with_capacity(most);
    while receiver.recv_many(&mut batch, most).await > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        sizes.record(batch.len() as f64);
        if let Some(first) = batch.first() {
            waits.record(first.since.elapsed().as_secs_f64());
        }
        let (asked, waiting): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .map(|waiting: Waiting| (waiting.asked, waiting.answer))
            .unzip();
        let began = Instant::now();
        let answers = batches.run(&asked).await;
        for (waiting, answer) in waiting.into_iter().zip(answers) {
            // Whoever has gone away has a result nevertheless.
            _ = waiting.send(answer);
        }
        PACE.rest(began, asked.len()).await;
    }
}
