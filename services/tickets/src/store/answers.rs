//! Answers that are given again when their request is: see `ticketing_http::idempotency`.
//!
//! An answer is written in the transaction of what it tells of. That a request is in flight is told by a
//! lock of that transaction, so that it ends with it however that ends.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension,
    sql_types::{Bool, Bytea, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_http::idempotency::{Answer, LIFETIME, NotRepeated, Repeatable};
use ticketing_postgres::prepared;

use crate::error::Error;

/// The answer that an earlier request had, if it was the same. From now on, and to the end of the
/// transaction, it is this one that is in flight.
///
/// # Errors
/// [`Error::NotRepeated`].
pub async fn recall(
    connection: &mut AsyncPgConnection,
    request: &Repeatable,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, Error> {
    let name = format!("{} {} {}", request.user, request.route, request.key);
    let mine: bool = prepared(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency:' || current_schema() || ' ' || {}, 0))",
    )
    .bind::<Text, _>(name)
    .returning::<Bool>()
    .get_result(connection)
    .await?;
    if !mine {
        return Err(NotRepeated::InFlight.into());
    }
    // A statement of its own, so that it sees what was committed before the lock was had.
    let earlier: Option<(Vec<u8>, String)> = prepared(
        "SELECT fingerprint, answer FROM idempotency \
         WHERE user_id = {} AND route = {} AND key = {} AND created_at > {}",
    )
    .bind::<SqlUuid, _>(request.user.0)
    .bind::<Text, _>(request.route)
    .bind::<Text, _>(&request.key)
    .bind::<Timestamptz, _>(now - LIFETIME)
    .returning::<(Bytea, Text)>()
    .get_result(connection)
    .await
    .optional()?;
    match earlier {
        None => Ok(None),
        Some((fingerprint, _)) if fingerprint != request.fingerprint => {
            Err(NotRepeated::AnotherBody.into())
        }
        Some((_, answer)) => Ok(Some(serde_json::from_str(&answer)?)),
    }
}

/// Keeps the answer to a request that was not [recalled](recall).
///
/// # Errors
/// When the database does not answer.
pub async fn keep(
    connection: &mut AsyncPgConnection,
    request: &Repeatable,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // What may be there is too old to count.
    prepared(
        "INSERT INTO idempotency (user_id, route, key, fingerprint, answer, created_at) \
         VALUES ({}, {}, {}, {}, {}, {}) \
         ON CONFLICT (user_id, route, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
           answer = excluded.answer, created_at = excluded.created_at",
    )
    .bind::<SqlUuid, _>(request.user.0)
    .bind::<Text, _>(request.route)
    .bind::<Text, _>(&request.key)
    .bind::<Bytea, _>(&request.fingerprint[..])
    .bind::<Text, _>(serde_json::to_string(answer)?)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes answers that are too old to count, some at a time. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let forgotten = prepared(
        "DELETE FROM idempotency WHERE (user_id, route, key) IN \
           (SELECT user_id, route, key FROM idempotency WHERE created_at <= {} LIMIT 1000)",
    )
    .bind::<Timestamptz, _>(now - LIFETIME)
    .execute(connection)
    .await?;
    Ok(forgotten)
}
