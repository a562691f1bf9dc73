//! The tables of messaging, which every schema has.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, QueryableByName, sql_query,
    sql_types::{Array, BigInt, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_messaging::Stamp;
use uuid::Uuid;

use super::MOST;
use crate::config::Schema;

/// A service's outbox.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// The last entry that is known to be published.
    pub highest: Stamp,
    /// Rows that have waited for too long.
    pub unpublished: Vec<Unpublished>,
}

/// A row that waits to be published.
#[derive(Debug, Clone, QueryableByName)]
pub struct Unpublished {
    /// The event.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its type.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// When it happened.
    #[diesel(sql_type = Timestamptz)]
    pub time: DateTime<Utc>,
}

/// An event that was acknowledged and has had no effect.
#[derive(Debug, Clone, QueryableByName)]
pub struct Unhandled {
    /// The event.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its type.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Who should have handled it.
    #[diesel(sql_type = Text)]
    pub listener: String,
}

/// An event that could not be handled.
#[derive(Debug, Clone, QueryableByName)]
pub struct DeadLetter {
    /// Whose.
    #[diesel(sql_type = Text)]
    pub service: String,
    /// As `dlq list` shows it.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its type.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub error: String,
}

/// The outbox, with the rows that have waited for longer than `bound`.
///
/// # Errors
/// When Postgres does not answer.
pub async fn outbox(
    connection: &mut AsyncPgConnection,
    s: &Schema,
    bound: Duration,
) -> QueryResult<Outbox> {
    #[derive(QueryableByName)]
    struct Highest {
        #[diesel(sql_type = Nullable<BigInt>)]
        highest: Option<i64>,
    }
    let Highest { highest } = sql_query(format!(
        "SELECT greatest(acked, (SELECT max(stamp) FROM {s}.outbox WHERE stamp IS NOT NULL)) AS highest \
         FROM {s}.outbox_position"
    ))
    .get_result(connection)
    .await?;
    let unpublished = sql_query(format!(
        "SELECT id, kind, time FROM {s}.outbox \
         WHERE stamp IS NULL AND time < clock_timestamp() - make_interval(secs => $1) \
         ORDER BY seq LIMIT {MOST}"
    ))
    .bind::<Double, _>(bound.as_secs_f64())
    .get_results(connection)
    .await?;
    Ok(Outbox {
        highest: highest.map_or(Stamp::ZERO, Stamp::from_number),
        unpublished,
    })
}

/// Who listens to what of whom.
#[derive(Debug)]
pub struct Hearing<'a> {
    /// Whose outbox.
    pub producer: &'a Schema,
    /// The types that are heard.
    pub kinds: Vec<&'a str>,
    /// Whose inbox.
    pub listener: &'a Schema,
    /// Its name.
    pub service: &'a str,
}

/// How many events of the last `window` all groups have acknowledged, and those of them that are not in
/// the inbox.
///
/// # Errors
/// When Postgres does not answer.
pub async fn unhandled(
    connection: &mut AsyncPgConnection,
    hearing: &Hearing<'_>,
    window: Duration,
) -> QueryResult<(i64, Vec<Unhandled>)> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let (producer, listener) = (hearing.producer, hearing.listener);
    let acknowledged = format!(
        "FROM {producer}.outbox e \
         WHERE e.stamp <= (SELECT acked FROM {producer}.outbox_position) AND e.kind = ANY($1) \
           AND e.time > clock_timestamp() - make_interval(secs => $2)"
    );
    let missing = sql_query(format!(
        "SELECT e.id, e.kind, $3 AS listener {acknowledged} \
           AND NOT EXISTS (SELECT FROM {listener}.inbox i WHERE i.event_id = e.id) \
         ORDER BY e.id LIMIT {MOST}"
    ))
    .bind::<Array<Text>, _>(&hearing.kinds)
    .bind::<Double, _>(window.as_secs_f64())
    .bind::<Text, _>(hearing.service)
    .get_results(connection)
    .await?;
    let Count { count } = sql_query(format!("SELECT count(*) AS count {acknowledged}"))
        .bind::<Array<Text>, _>(&hearing.kinds)
        .bind::<Double, _>(window.as_secs_f64())
        .get_result(connection)
        .await?;
    Ok((count, missing))
}

/// The dead letters of the service with this schema.
///
/// # Errors
/// When Postgres does not answer.
pub async fn dead_letters(
    connection: &mut AsyncPgConnection,
    s: &Schema,
    service: &str,
) -> QueryResult<Vec<DeadLetter>> {
    sql_query(format!(
        "SELECT $1 AS service, id, coalesce(kind, 'no event') AS kind, error FROM {s}.dead_letter \
         ORDER BY id LIMIT {MOST}"
    ))
    .bind::<Text, _>(service)
    .get_results(connection)
    .await
}
