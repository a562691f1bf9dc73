//! What expiration keeps in Redis.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use redis::{aio::MultiplexedConnection, cmd};
use serde::Deserialize;
use ticketing_contracts::events::expirations;
use ticketing_messaging::connection::RedisSettings;
use uuid::Uuid;

use super::messaging::DeadLetter;

/// Members that are read at once, so that Redis answers others meanwhile.
const PAGE: usize = 10_000;

/// The deadlines that are kept.
#[derive(Debug, Clone, Default)]
pub struct Deadlines {
    /// Whose, and when.
    pub kept: Vec<(Uuid, DateTime<Utc>)>,
    /// Members of another form.
    pub malformed: Vec<String>,
}

/// All deadlines.
///
/// # Errors
/// When Redis does not answer.
pub async fn all(
    connection: &mut MultiplexedConnection,
    redis: &RedisSettings,
) -> anyhow::Result<Deadlines> {
    let key = redis.key(expirations::DEADLINES);
    let (mut cursor, mut members) = (0_u64, BTreeSet::new());
    loop {
        // It may tell of one twice.
        let (next, page): (u64, Vec<(String, f64)>) = cmd("ZSCAN")
            .arg(&key)
            .arg(cursor)
            .arg("COUNT")
            .arg(PAGE)
            .query_async(connection)
            .await?;
        members.extend(page.into_iter().map(|(member, _)| member));
        if next == 0 {
            break;
        }
        cursor = next;
    }
    let mut deadlines = Deadlines::default();
    for member in members {
        match parse(&member) {
            Some(deadline) => deadlines.kept.push(deadline),
            None => deadlines.malformed.push(member),
        }
    }
    Ok(deadlines)
}

/// `orderId|releaseAt`
fn parse(member: &str) -> Option<(Uuid, DateTime<Utc>)> {
    let (id, at) = member.split_once('|')?;
    Some((id.parse().ok()?, at.parse().ok()?))
}

/// What expiration could not handle.
///
/// # Errors
/// When Redis does not answer.
pub async fn dead_letters(
    connection: &mut MultiplexedConnection,
    redis: &RedisSettings,
) -> anyhow::Result<Vec<DeadLetter>> {
    #[derive(Deserialize)]
    struct Kept {
        event: Option<Kind>,
        error: String,
    }
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    let kept: Vec<(i64, String)> = cmd("HGETALL")
        .arg(redis.key(expirations::DEAD_LETTERS))
        .query_async(connection)
        .await?;
    let mut letters = Vec::with_capacity(kept.len());
    for (id, text) in kept {
        let Kept { event, error } = serde_json::from_str(&text)?;
        letters.push(DeadLetter {
            service: "expiration".to_owned(),
            id,
            kind: event.map_or_else(|| "no event".to_owned(), |event| event.r#type),
            error,
        });
    }
    letters.sort_by_key(|letter| letter.id);
    Ok(letters)
}
