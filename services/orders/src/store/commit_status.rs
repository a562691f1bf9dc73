//! What became of a transaction whose COMMIT was not answered.
//!
//! Its id alone does not tell: a crash of Postgres forgets which ids it gave to transactions that had
//! not committed, and gives them again. So what the transaction wrote has to be there as well.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    result::Error,
    sql_types::{Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::OrderId;
use ticketing_postgres::{Pool, prepared};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

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

/// What is there if the transaction has committed, and only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// An order that it placed.
    Order(OrderId),
    /// An event that it appended, and the event's time. No index leads to it: for the few transactions
    /// that place no order.
    Event(Uuid, DateTime<Utc>),
}

/// Asks until Postgres knows, for at most `patience`. `None`: it could not be learnt.
pub async fn await_known(
    pool: &Pool,
    transaction: i64,
    proof: Proof,
    patience: Duration,
) -> Option<CommitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        if let Ok(mut connection) = pool.get().await
            && let Ok(Some(status)) = known(&mut connection, transaction, proof).await
        {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(PAUSE).await;
    }
}

/// `None` while Postgres has not noticed that the connection has gone.
async fn known(
    connection: &mut AsyncPgConnection,
    transaction: i64,
    proof: Proof,
) -> QueryResult<Option<CommitStatus>> {
    let status: Option<String> = match status(connection, transaction).await {
        Err(error) if was_forgotten(&error) => return Ok(Some(CommitStatus::Aborted)),
        status => status?,
    };
    match status.as_deref() {
        Some("aborted") => Ok(Some(CommitStatus::Aborted)),
        // It, or another one of the same id; or too long ago to be remembered. The rows of the one that
        // committed can be seen from now on.
        Some("committed") | None => Ok(Some(if exists(connection, proof).await? {
            CommitStatus::Committed
        } else {
            CommitStatus::Aborted
        })),
        Some(_) => Ok(None),
    }
}

/// A crash has set the ids back to before this one.
fn was_forgotten(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information)
        if information.message().ends_with(" is in the future"))
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

async fn exists(connection: &mut AsyncPgConnection, proof: Proof) -> QueryResult<bool> {
    match proof {
        Proof::Order(id) => {
            prepared("SELECT EXISTS (SELECT FROM orders WHERE id = {})")
                .bind::<SqlUuid, _>(id.0)
                .returning::<Bool>()
                .get_result(connection)
                .await
        }
        Proof::Event(id, time) => {
            prepared("SELECT EXISTS (SELECT FROM outbox WHERE id = {} AND time = {})")
                .bind::<SqlUuid, _>(id)
                .bind::<Timestamptz, _>(time)
                .returning::<Bool>()
                .get_result(connection)
                .await
        }
    }
}
