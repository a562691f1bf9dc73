//! Attempts, by the keys of the requests that began them.

use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{Bytea, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::UserId;
use ticketing_http::idempotency::Repeatable;
use ticketing_postgres::prepared;

use crate::domain::Payment;

/// What is unique about the keys of a user.
pub const KEY: &str = "attempt_request_key";

/// An attempt that a request with a key has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Which of its payment's attempts.
    pub number: i32,
    /// SHA-256 of the request's body.
    pub fingerprint: Vec<u8>,
    /// What the buyer was told when it failed.
    pub failure: Option<String>,
}

/// Adds the last attempt of a payment.
///
/// # Errors
/// When the database fails, or the key was used before ([`KEY`]).
pub async fn insert(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    request: Option<&Repeatable>,
) -> QueryResult<()> {
    prepared(
        "INSERT INTO attempt (payment_id, number, user_id, request_key, fingerprint, begun_at) \
         VALUES ({}, {}, {}, {}, {}, {})",
    )
    .bind::<SqlUuid, _>(payment.id.0)
    .bind::<Integer, _>(payment.attempt.number)
    .bind::<SqlUuid, _>(payment.user_id.0)
    .bind::<Nullable<Text>, _>(request.map(|request| request.key.as_str()))
    .bind::<Nullable<Bytea>, _>(request.map(|request| &request.fingerprint[..]))
    .bind::<Timestamptz, _>(payment.attempt.begun_at)
    .execute(connection)
    .await
    .map(drop)
}

/// The attempt that a user's request with this key has begun.
///
/// # Errors
/// When the database fails.
pub async fn by_key(
    connection: &mut AsyncPgConnection,
    user: UserId,
    key: &str,
) -> QueryResult<Option<Earlier>> {
    let earlier: Option<(i32, Vec<u8>, Option<String>)> = prepared(
        "SELECT number, fingerprint, failure FROM attempt WHERE user_id = {} AND request_key = {}",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Text, _>(key)
    .returning::<(Integer, Bytea, Nullable<Text>)>()
    .get_result(connection)
    .await
    .optional()?;
    Ok(earlier.map(|(number, fingerprint, failure)| Earlier {
        number,
        fingerprint,
        failure,
    }))
}

/// Notes what the buyer was told of an attempt that failed.
///
/// # Errors
/// When the database fails.
pub async fn failed(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    words: &str,
) -> QueryResult<()> {
    prepared("UPDATE attempt SET failure = {} WHERE payment_id = {} AND number = {}")
        .bind::<Text, _>(words)
        .bind::<SqlUuid, _>(payment.id.0)
        .bind::<Integer, _>(payment.attempt.number)
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets the key of an attempt that was never made: the same request may come again.
///
/// # Errors
/// When the database fails.
pub async fn not_made(connection: &mut AsyncPgConnection, payment: &Payment) -> QueryResult<()> {
    prepared(
        "UPDATE attempt SET request_key = NULL, fingerprint = NULL \
         WHERE payment_id = {} AND number = {} AND request_key IS NOT NULL",
    )
    .bind::<SqlUuid, _>(payment.id.0)
    .bind::<Integer, _>(payment.attempt.number)
    .execute(connection)
    .await
    .map(drop)
}
