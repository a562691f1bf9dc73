//! What there is. The only users of SQL, of Redis' commands and of the simulator; nothing is written.

pub mod copies;
pub mod deadlines;
pub mod messaging;
pub mod orders;
pub mod payments;
pub mod simulator;
pub mod streams;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_postgres::tx;

/// The most faulty rows that a query answers: enough to see what is wrong.
pub const MOST: i64 = 1000;

/// One picture of all schemas. Room for the hash of a join over all orders in some parts: twice as much
/// for several workers would be no faster, and takes it from the server.
const SNAPSHOT: [&str; 4] = [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL statement_timeout = '15min'",
];

/// Begins a snapshot, to be ended by [`tx::end`].
///
/// # Errors
/// When Postgres does not answer.
pub async fn begin_snapshot(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    tx::begin(connection).await?;
    for statement in SNAPSHOT {
        diesel::sql_query(statement).execute(connection).await?;
    }
    Ok(())
}
