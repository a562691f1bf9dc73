//! Events that could not take effect, kept until somebody has seen to them.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryResult, QueryableByName,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{envelope::Envelope, stamp::Stamp};

/// The most that are tried again in one go.
const AT_ONCE: i64 = 100;

/// An event that is put away, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it came from.
    pub stream: String,
    /// Whose handler failed.
    pub group: String,
    /// The entry that brought it.
    pub stamp: Stamp,
    /// The event; `None` when the entry was none.
    pub envelope: Option<Envelope>,
    /// The entry's fields as JSON, when it was no event.
    pub raw: String,
    /// Why.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// A dead letter as it lies there.
#[derive(Debug, Clone, QueryableByName)]
pub struct Buried {
    /// Its number, for `redrive`.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Where it came from.
    #[diesel(sql_type = Text)]
    pub stream: String,
    /// Whose handler failed.
    #[diesel(sql_type = Text)]
    pub consumer_group: String,
    /// The entry that brought it, as a [`Stamp`]'s number.
    #[diesel(sql_type = BigInt)]
    pub stamp: i64,
    /// The event.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub event_id: Option<Uuid>,
    /// Its type.
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    /// What it is about.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub subject: Option<Uuid>,
    /// The subject's version.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub version: Option<i64>,
    /// When it happened.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub time: Option<DateTime<Utc>>,
    /// Its trace.
    #[diesel(sql_type = Nullable<Text>)]
    pub traceparent: Option<String>,
    /// JSON.
    #[diesel(sql_type = Text)]
    pub data: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub error: String,
    /// How often it was tried.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// When it was given up.
    #[diesel(sql_type = Timestamptz)]
    pub buried_at: DateTime<Utc>,
    /// When somebody asked for another try.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub redrive_at: Option<DateTime<Utc>>,
}

impl Letter {
    /// An event that failed. Stream and group are filled in by the consumer.
    pub(crate) fn of(stamp: Stamp, envelope: Envelope, error: String, attempts: u32) -> Self {
        Self {
            stream: String::new(),
            group: String::new(),
            stamp,
            envelope: Some(envelope),
            raw: String::new(),
            error,
            attempts,
        }
    }

    /// An entry that is no event.
    pub(crate) fn malformed(stamp: Stamp, raw: String, error: String) -> Self {
        Self {
            stream: String::new(),
            group: String::new(),
            stamp,
            envelope: None,
            raw,
            error,
            attempts: 1,
        }
    }
}

impl From<Buried> for Letter {
    fn from(row: Buried) -> Self {
        let envelope = match (row.event_id, row.kind, row.subject, row.version, row.time) {
            (Some(id), Some(kind), Some(subject), Some(version), Some(time)) => Some(Envelope {
                id,
                kind,
                subject,
                version,
                time,
                trace: row.traceparent.and_then(|header| header.parse().ok()),
                data: row.data.clone(),
            }),
            _ => None,
        };
        Self {
            stream: row.stream,
            group: row.consumer_group,
            stamp: Stamp::from_number(row.stamp),
            raw: if envelope.is_none() {
                row.data
            } else {
                String::new()
            },
            envelope,
            error: row.error,
            attempts: row.attempts.try_into().unwrap_or_default(),
        }
    }
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, letter: &Letter) -> QueryResult<()> {
    let event = letter.envelope.as_ref();
    diesel::sql_query(
        "INSERT INTO dead_letter (stream, consumer_group, stamp, event_id, kind, subject, version, \
                                  time, traceparent, data, error, attempts) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(&letter.stream)
    .bind::<Text, _>(&letter.group)
    .bind::<BigInt, _>(letter.stamp.number())
    .bind::<Nullable<SqlUuid>, _>(event.map(|e| e.id))
    .bind::<Nullable<Text>, _>(event.map(|e| e.kind.as_str()))
    .bind::<Nullable<SqlUuid>, _>(event.map(|e| e.subject))
    .bind::<Nullable<BigInt>, _>(event.map(|e| e.version))
    .bind::<Nullable<Timestamptz>, _>(event.map(|e| e.time))
    .bind::<Nullable<Text>, _>(event.and_then(|e| e.trace).map(|trace| trace.traceparent()))
    .bind::<Text, _>(event.map_or(letter.raw.as_str(), |e| e.data.as_str()))
    .bind::<Text, _>(&letter.error)
    .bind::<Integer, _>(i32::try_from(letter.attempts).unwrap_or(i32::MAX))
    .execute(connection)
    .await
    .map(drop)
}

/// All dead letters of this schema, oldest first, at most `limit`.
///
/// # Errors
/// When Postgres does not answer.
pub async fn list(connection: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Buried>> {
    diesel::sql_query("SELECT * FROM dead_letter ORDER BY id LIMIT $1")
        .bind::<BigInt, _>(limit)
        .get_results(connection)
        .await
}

/// One dead letter.
///
/// # Errors
/// When Postgres does not answer.
pub async fn show(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<Option<Buried>> {
    diesel::sql_query("SELECT * FROM dead_letter WHERE id = $1")
        .bind::<BigInt, _>(id)
        .get_result(connection)
        .await
        .optional()
}

/// Asks for another try: of one, or (`None`) of all. The service that owns them sees it within a
/// second or so, and removes those that take effect. Returns how many.
///
/// # Errors
/// When Postgres does not answer.
pub async fn redrive(connection: &mut AsyncPgConnection, id: Option<i64>) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE dead_letter SET redrive_at = clock_timestamp() \
         WHERE ($1 IS NULL OR id = $1) AND redrive_at IS NULL",
    )
    .bind::<Nullable<BigInt>, _>(id)
    .execute(connection)
    .await
}

/// Those that somebody wants to be tried again.
pub(crate) async fn wanted(
    connection: &mut AsyncPgConnection,
    stream: &str,
    group: &str,
) -> QueryResult<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Wanted {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let wanted: Vec<Wanted> = diesel::sql_query(
        "SELECT id FROM dead_letter \
         WHERE redrive_at IS NOT NULL AND stream = $1 AND consumer_group = $2 ORDER BY id LIMIT $3",
    )
    .bind::<Text, _>(stream)
    .bind::<Text, _>(group)
    .bind::<BigInt, _>(AT_ONCE)
    .get_results(connection)
    .await?;
    Ok(wanted.into_iter().map(|wanted| wanted.id).collect())
}

/// Removes one that is to be tried again; `None` when another instance has it.
pub(crate) async fn take(
    connection: &mut AsyncPgConnection,
    id: i64,
) -> QueryResult<Option<Letter>> {
    let row: Option<Buried> = diesel::sql_query(
        "DELETE FROM dead_letter WHERE id = (SELECT id FROM dead_letter \
           WHERE id = $1 AND redrive_at IS NOT NULL FOR UPDATE SKIP LOCKED) RETURNING *",
    )
    .bind::<BigInt, _>(id)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(Letter::from))
}

pub(crate) async fn failed_again(
    connection: &mut AsyncPgConnection,
    id: i64,
    error: &str,
) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE dead_letter SET redrive_at = NULL, attempts = attempts + 1, error = $2 WHERE id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(error)
    .execute(connection)
    .await
    .map(drop)
}
