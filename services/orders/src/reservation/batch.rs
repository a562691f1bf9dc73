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
                    answers.extend(decided.into_iter().map(|one| one.map_err(Into::into)))
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
        for round in 0.. {
            let mut connection = self.pool.get().await?;
            tx::begin(&mut connection).await?;
            let commands = with_reclaims(&reclaims, batch);
            let decided = decide(&mut connection, self.manner, &commands).await;
            let draft = match decided {
                Ok(draft) => draft,
                Err(error) => {
                    return tx::end(&mut connection, Err(error))
                        .await
                        .map_err(Failed::Database);
                }
            };
            if round < RECLAIMS && !draft.overdue.is_empty() {
                let found = overdue(&mut connection, &draft, RECLAIMED).await;
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        return tx::end(&mut connection, Err(error))
                            .await
                            .map_err(Failed::Database);
                    }
                };
                let known = reclaims.len();
                reclaims.extend(found);
                if reclaims.len() > known {
                    roll_back(&mut connection).await;
                    continue;
                }
            }
            let mut answers = self.finish(connection, draft).await?;
            answers.drain(..reclaims.len());
            return Ok(answers);
        }
        Ok(Vec::new())
    }

    async fn finish(&self, mut connection: Connection, draft: Draft) -> Result<Answers, Failed> {
        if draft.changes.is_empty() {
            // Nothing to be made durable: a rollback does not wait for the disk.
            roll_back(&mut connection).await;
            return Ok(draft.answers);
        }
        let transaction = draft.transaction;
        let answers = match write(&mut connection, draft).await {
            Ok(answers) => answers,
            Err(error) => {
                return tx::end(&mut connection, Err(error))
                    .await
                    .map_err(Failed::Database);
            }
        };
        match tx::end(&mut connection, Ok::<_, DatabaseError>(())).await {
            Ok(()) => {}
            Err(error) => {
                drop(connection);
                tracing::warn!(%error, "the answer to a commit was lost");
                match commit_status::await_known(&self.pool, transaction, COMMIT_KNOWN_WITHIN).await
                {
                    Some(CommitStatus::Committed) => {}
                    Some(CommitStatus::Aborted) => return Err(Failed::Database(error)),
                    None => return Err(Failed::CommitUnknown),
                }
            }
        }
        self.wake.committed();
        Ok(answers)
    }
}

/// Holds that are over are ended before anything else is decided.
fn with_reclaims(reclaims: &BTreeSet<OrderId>, batch: &[Asked]) -> Vec<Asked> {
    let reclaims = reclaims.iter().map(|order_id| Asked {
        command: Command::Reclaim {
            order_id: *order_id,
        },
        trace: None,
    });
    reclaims.chain(batch.iter().cloned()).collect()
}

async fn roll_back(connection: &mut Connection) {
    let rolled_back: Result<(), DatabaseError> =
        tx::end(connection, Err(DatabaseError::RollbackTransaction)).await;
    _ = rolled_back;
}
