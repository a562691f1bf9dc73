//! The one transaction wrapper.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::result::Error;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

use crate::errors::lost_a_race;

/// How often a transaction that lost a race is run again.
const RETRIES: usize = 5;

/// Runs `work` in a transaction, and again when Postgres rolled it back because of others
/// (serialization failure, deadlock). `work` may run several times, so it must do nothing outside
/// the transaction.
///
/// # Errors
/// What `work` or the commit answered, after the last attempt.
pub async fn transaction<T, E>(
    connection: &mut AsyncPgConnection,
    mut work: impl AsyncFnMut(&mut AsyncPgConnection) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<Error> + AsTransactionError,
{
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(2))
        .with_jitter()
        .with_max_times(RETRIES)
        .build();
    loop {
        match attempt(connection, &mut work).await {
            Err(error) if error.as_database().is_some_and(lost_a_race) => match delays.next() {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            },
            outcome => return outcome,
        }
    }
}

/// A connection that is dropped in here, because its request was, is closed, which rolls back.
async fn attempt<T, E>(
    connection: &mut AsyncPgConnection,
    work: &mut impl AsyncFnMut(&mut AsyncPgConnection) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<Error>,
{
    begin(connection).await?;
    let outcome = work(connection).await;
    end(connection, outcome).await
}

/// Begins a transaction that [`end`] is to end. For those who repeat a whole batch themselves, and
/// whose futures must be [`Send`], which those of an [`AsyncFnMut`] can't be seen to be; everybody
/// else uses [`transaction`].
///
/// # Errors
/// When Postgres does not answer.
pub async fn begin(connection: &mut AsyncPgConnection) -> Result<(), Error> {
    AnsiTransactionManager::begin_transaction(connection).await
}

/// Commits what [`begin`] began, or rolls it back when `outcome` is an error.
///
/// # Errors
/// The outcome's, or that of the commit.
pub async fn end<T, E: From<Error>>(
    connection: &mut AsyncPgConnection,
    outcome: Result<T, E>,
) -> Result<T, E> {
    match outcome {
        Ok(done) => {
            AnsiTransactionManager::commit_transaction(connection).await?;
            Ok(done)
        }
        Err(error) => {
            // When this fails too the connection is broken, and Postgres rolls back by itself. The
            // first error tells why.
            _ = AnsiTransactionManager::rollback_transaction(connection).await;
            Err(error)
        }
    }
}

/// Errors that may hold the database's own.
pub trait AsTransactionError {
    /// The database's error, if that is what this is.
    fn as_database(&self) -> Option<&Error>;
}

impl AsTransactionError for Error {
    fn as_database(&self) -> Option<&Error> {
        Some(self)
    }
}
