//! A batch, until each of its requests has an answer.

use std::{collections::BTreeSet, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::result::Error as DatabaseError;
use ticketing_contracts::ids::OrderId;
use ticketing_messaging::Wake;
use ticketing_postgres::{
    Pool,
    errors::{connection_lost, lost_a_race},
    pool::{Connection, Unavailable},
    tx,
};

use super::{
    Answers, Asked, Error, Manner,
    transact::{Draft, decide, overdue, write},
};
use crate::{
    domain::{Answer, Command},
    store::commit_status::{self, CommitStatus},
};

/// How often a batch is run again that lost a race or its connection.
const RETRIES: usize = 5;

/// How often holds that are over are looked for on behalf of one batch.
const RECLAIMS: usize = 8;

/// The most orders that are reclaimed at once.
const RECLAIMED: i64 = 1_000;

/// How long one waits to learn whether a commit took place whose answer was lost.
const COMMIT_KNOWN_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Batches {
    pub pool: Pool,
    pub manner: Manner,
    pub wake: Wake,
}

/// An attempt that came to nothing.
enum Failed {
    Database(DatabaseError),
    Unavailable(Unavailable),
    /// What became of its commit is not known.
    CommitUnknown,
}

impl From<DatabaseError> for Failed {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<Unavailable> for Failed {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl Batches {
    /// An answer for each, in their order. A batch that fails for a reason of its own is halved until
    /// the request that is to blame is alone.
    pub async fn run(&self, batch: &[Asked]) -> Vec<Result<Answer, Error>> {
        let mut answers = Vec::with_capacity(batch.len());
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.run_as_one(part).await {
                Ok(decided) => {
                    answers.extend(decided.into_iter().map(|one| one.map_err(Into::into)));
                }
                Err(Error::Internal(cause)) if part.len() > 1 => {
                    tracing::warn!(cause, size = part.len(), "a batch failed; halving it");
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => answers.extend(part.iter().map(|_| Err(error.clone()))),
            }
        }
        answers
    }

    /// All of it in one transaction, run again when others were in the way.
    async fn run_as_one(&self, batch: &[Asked]) -> Result<Answers, Error> {
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(2))
            .with_max_delay(Duration::from_millis(200))
            .with_jitter()
            .with_max_times(RETRIES)
            .build();
        loop {
            let error = match self.attempt(batch).await {
                Ok(answers) => return Ok(answers),
                Err(Failed::Unavailable(error)) => {
                    return Err(Error::Unavailable(error.to_string()));
                }
                Err(Failed::CommitUnknown) => {
                    return Err(Error::Unavailable("a commit was not answered".to_owned()));
                }
                Err(Failed::Database(error)) => error,
            };
            let passing = connection_lost(&error);
            if !passing && !lost_a_race(&error) {
                return Err(Error::Internal(error.to_string()));
            }
            match delays.next() {
                Some(delay) => tokio::time::sleep(delay).await,
                None if passing => return Err(Error::Unavailable(error.to_string())),
                None => return Err(Error::Internal(error.to_string())),
            }
        }
    }

    /// Decides. When there is too little of something while holds of it are over, those are ended
    /// first, in the same transaction as the rest: it is begun anew, with their tickets locked too.
    async fn attempt(&self, batch: &[Asked]) -> Result<Answers, Failed> {
        let mut reclaims = BTreeSet::new();
        let mut rounds = 0..RECLAIMS;
        loop {
            let reclaiming = reclaiming(&reclaims);
            let all: Vec<_> = reclaiming.iter().chain(batch).collect();
            let mut connection = self.pool.get().await?;
            tx::begin(&mut connection).await?;
            let drafted = self
                .draft(&mut connection, &all, rounds.next().is_some())
                .await;
            let (draft, over) = or_roll_back(&mut connection, drafted).await?;
            let known = reclaims.len();
            reclaims.extend(over);
            if reclaims.len() > known {
                roll_back(&mut connection).await;
                continue;
            }
            let mut answers = self.finish(connection, draft).await?;
            answers.drain(..known);
            return Ok(answers);
        }
    }

    /// Decides, and finds the orders that are to be reclaimed for another decision.
    async fn draft(
        &self,
        connection: &mut Connection,
        batch: &[&Asked],
        look: bool,
    ) -> Result<(Draft, Vec<OrderId>), DatabaseError> {
        let draft = decide(connection, self.manner, batch).await?;
        let over = if look && !draft.overdue.is_empty() {
            overdue(connection, &draft, RECLAIMED).await?
        } else {
            Vec::new()
        };
        Ok((draft, over))
    }

    async fn finish(&self, mut connection: Connection, draft: Draft) -> Result<Answers, Failed> {
        if draft.changes.is_empty() {
            // Nothing to be made durable: a rollback does not wait for the disk.
            roll_back(&mut connection).await;
            return Ok(draft.answers);
        }
        let transaction = draft.transaction;
        let written = write(&mut connection, draft).await;
        let answers = or_roll_back(&mut connection, written).await?;
        if let Err(error) = tx::end(&mut connection, Ok::<_, DatabaseError>(())).await {
            drop(connection);
            tracing::warn!(%error, "the answer to a commit was lost");
            match commit_status::await_known(&self.pool, transaction, COMMIT_KNOWN_WITHIN).await {
                Some(CommitStatus::Committed) => {}
                Some(CommitStatus::Aborted) => return Err(Failed::Database(error)),
                None => return Err(Failed::CommitUnknown),
            }
        }
        self.wake.committed();
        Ok(answers)
    }
}

/// Holds that are over are ended before anything else is decided.
fn reclaiming(orders: &BTreeSet<OrderId>) -> Vec<Asked> {
    let reclaim = |order_id: &OrderId| Asked {
        command: Command::Reclaim {
            order_id: *order_id,
        },
        trace: None,
    };
    orders.iter().map(reclaim).collect()
}

async fn or_roll_back<T>(
    connection: &mut Connection,
    outcome: Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    match outcome {
        Ok(done) => Ok(done),
        Err(error) => tx::end(connection, Err(error)).await,
    }
}

async fn roll_back(connection: &mut Connection) {
    let rolled_back: Result<(), DatabaseError> =
        tx::end(connection, Err(DatabaseError::RollbackTransaction)).await;
    _ = rolled_back;
}
