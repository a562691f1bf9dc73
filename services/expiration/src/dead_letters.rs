//! Events that could not be handled, in a hash of Redis: there is no database here.
//!
//! A Redis that loses everything loses them too. What they were about comes again then: orders
//! publishes all of its open orders.

use chrono::{DateTime, Utc};
use redis::{RedisResult, aio::MultiplexedConnection, cmd};
use serde::{Deserialize, Serialize};
use ticketing_contracts::events::expirations;
use ticketing_messaging::{
    connection::RedisSettings,
    dead_letter::{Buried, Letter},
};
use uuid::Uuid;

/// Where they are kept: by the number of the entry that brought them, so that one that is put away
/// again (its acknowledgement was lost, say) is there once.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    key: String,
}

/// The form in which one is kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    stream: String,
    group: String,
    entry: i64,
    event: Option<Event>,
    data: String,
    error: String,
    attempts: i32,
    #[serde(with = "ticketing_contracts::time")]
    buried_at: DateTime<Utc>,
}

/// What is known when the entry was an event.
#[derive(Debug, Serialize, Deserialize)]
struct Event {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    subject: Uuid,
    version: i64,
    #[serde(with = "ticketing_contracts::time")]
    time: DateTime<Utc>,
    traceparent: Option<String>,
}

impl DeadLetters {
    /// Those in this Redis.
    #[must_use]
    pub fn new(redis: &RedisSettings) -> Self {
        Self {
            key: redis.key(expirations::DEAD_LETTERS),
        }
    }

    /// Puts one away.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn keep(
        &self,
        connection: &mut MultiplexedConnection,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> RedisResult<()> {
        let kept = Kept::of(letter, now);
        cmd("HSETNX")
            .arg(&self.key)
            .arg(kept.entry)
            .arg(serde_json::json!(kept).to_string())
            .query_async(connection)
            .await
    }

    /// How many there are.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn count(&self, connection: &mut MultiplexedConnection) -> RedisResult<u64> {
        cmd("HLEN").arg(&self.key).query_async(connection).await
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// When Redis does not answer, or has something else there.
    pub async fn list(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> anyhow::Result<Vec<Buried>> {
        let texts: Vec<String> = cmd("HVALS").arg(&self.key).query_async(connection).await?;
        let kept: Result<Vec<Kept>, _> = texts
            .iter()
            .map(|text| serde_json::from_str(text))
            .collect();
        let mut letters: Vec<Buried> = kept?.into_iter().map(Buried::from).collect();
        letters.sort_by_key(|letter| letter.id);
        Ok(letters)
    }

    /// Takes one away.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn remove(&self, connection: &mut MultiplexedConnection, id: i64) -> RedisResult<()> {
        cmd("HDEL")
            .arg(&self.key)
            .arg(id)
            .query_async(connection)
            .await
    }
}

impl Kept {
    fn of(letter: &Letter, now: DateTime<Utc>) -> Self {
        let event = letter.envelope.as_ref().map(|envelope| Event {
            id: envelope.id,
            kind: envelope.kind.clone(),
            subject: envelope.subject,
            version: envelope.version,
            time: envelope.time,
            traceparent: envelope.trace.map(|trace| trace.traceparent()),
        });
        let data = letter
            .envelope
            .as_ref()
            .map_or(&letter.raw, |envelope| &envelope.data);
        Self {
            stream: letter.stream.clone(),
            group: letter.group.clone(),
            entry: letter.stamp.number(),
            event,
            data: data.clone(),
            error: letter.error.clone(),
            attempts: i32::try_from(letter.attempts).unwrap_or(i32::MAX),
            buried_at: now,
        }
    }
}

impl From<Kept> for Buried {
    fn from(kept: Kept) -> Self {
        let event = kept.event.as_ref();
        Self {
            id: kept.entry,
            stamp: kept.entry,
            event_id: event.map(|event| event.id),
            kind: event.map(|event| event.kind.clone()),
            subject: event.map(|event| event.subject),
            version: event.map(|event| event.version),
            time: event.map(|event| event.time),
            traceparent: event.and_then(|event| event.traceparent.clone()),
            stream: kept.stream,
            consumer_group: kept.group,
            data: kept.data,
            error: kept.error,
            attempts: kept.attempts,
            buried_at: kept.buried_at,
            redrive_at: None,
        }
    }
}
