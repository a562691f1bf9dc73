//! What became of a transaction whose COMMIT was not answered.

use std::time::Duration;

use diesel::{
    QueryResult,
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_postgres::{Pool, prepared};
use tokio::time::{Instant, sleep};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStatus {
    /// All of it is there.
    Committed,
    /// Nothing of it is there.
    Aborted,
}

/// Asks until Postgres knows, for at most `patience`. `None`: it could not be learnt.
pub async fn await_known(
    pool: &Pool,
    transaction: i64,
    patience: Duration,
) -> Option<CommitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        if let Ok(mut connection) = pool.get().await {
            match status(&mut connection, transaction).await {
                Ok(Some(text)) if text == "committed" => return Some(CommitStatus::Committed),
                Ok(Some(text)) if text == "aborted" => return Some(CommitStatus::Aborted),
                // In progress: Postgres has not noticed yet that the connection has gone.
                Ok(Some(_)) | Err(_) => {}
                // Too long ago to be remembered.
                Ok(None) => return None,
            }
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(PAUSE).await;
    }
}

async fn status(
    connection: &mut AsyncPgConnection,
    transaction: i64,
) -> QueryResult<Option<String>> {
    prepared("SELECT pg_xact_status({}::xid8)")
        .bind::<Text, _>(transaction.to_string())
        .returning::<Nullable<Text>>()
        .get_result(connection)
        .await
}
