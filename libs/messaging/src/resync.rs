//! Publishes every row of a table once more: for a new listener, or after an outage that was longer
//! than what the outbox keeps.
//!
//! Nothing is repeated that way: the events are new, with the version that the row has, and a
//! listener's copy that is as new leaves them alone.

use std::future::Future;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::Event;
use ticketing_postgres::{Pool, tx};
use ticketing_runtime::Clock;
use uuid::Uuid;

use crate::{consumer::Failure, envelope::Envelope, outbox};

/// Rows per transaction.
const PAGE: i64 = 500;

/// A table whose rows can be published.
pub trait Snapshots: Send + Sync {
    /// The service's stream.
    type Event: Event;

    /// The rows after `after` by key, at most `limit`: each as the event that fits its state.
    fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> impl Future<Output = QueryResult<Vec<(Uuid, Self::Event)>>> + Send;
}

/// Appends a snapshot of every row to the outbox. Returns how many.
///
/// # Errors
/// When Postgres fails; what was appended stays, and doing it again does no harm.
pub async fn resync<S: Snapshots>(pool: &Pool, clock: &Clock, table: &S) -> Result<u64, Failure> {
    let (mut after, mut count) = (None, 0);
    loop {
        let mut connection = pool.get().await?;
        tx::begin(&mut connection).await?;
        let appended = append_page(&mut connection, clock, table, after).await;
        let rows = tx::end(&mut connection, appended).await?;
        count += rows.len() as u64;
        match rows.last() {
            Some(last) => after = Some(*last),
            None => return Ok(count),
        }
    }
}

async fn append_page<S: Snapshots>(
    connection: &mut AsyncPgConnection,
    clock: &Clock,
    table: &S,
    after: Option<Uuid>,
) -> Result<Vec<Uuid>, Failure> {
    let rows = table.page(connection, after, PAGE).await?;
    let now = clock.now();
    let events: Result<Vec<_>, _> = rows
        .iter()
        .map(|(_, event)| Envelope::of(event, now))
        .collect();
    let events = events.map_err(|error| Failure::Permanent(error.into()))?;
    outbox::append_all(connection, &events).await?;
    Ok(rows.into_iter().map(|(key, _)| key).collect())
}
