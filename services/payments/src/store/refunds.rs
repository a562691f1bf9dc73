//! The money that goes back.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::{OrderId, PaymentId};
use ticketing_postgres::prepared;
use uuid::Uuid;

use crate::domain::{Payment, Refund};

/// Has payments given back, of which there is not a refund already, and looked at now. One that is known to
/// be due is being looked at: a repeat would have Stripe asked twice. Returns those that are known, with
/// their orders.
///
/// The payments are locked before their refunds are written, as by everybody who writes both.
///
/// # Errors
/// When the database fails.
pub async fn due(
    connection: &mut AsyncPgConnection,
    payments: &[PaymentId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<(PaymentId, OrderId)>> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.0).collect();
    let known: Vec<(Uuid, Uuid)> = prepared(
        "WITH known AS MATERIALIZED ( \
           SELECT id, order_id FROM payment WHERE id = ANY({}) ORDER BY id FOR UPDATE), \
              new AS ( \
           INSERT INTO refund (payment_id, status, created_at) \
           SELECT id, 'due', {} FROM known ORDER BY id ON CONFLICT DO NOTHING \
           RETURNING payment_id), \
              woken AS ( \
           UPDATE payment p SET due_at = now() FROM new WHERE p.id = new.payment_id) \
         SELECT id, order_id FROM known",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(now)
    .returning::<(SqlUuid, SqlUuid)>()
    .get_results(connection)
    .await?;
    let known = known.into_iter();
    Ok(known
        .map(|(id, order)| (PaymentId(id), OrderId(order)))
        .collect())
}

/// How often Stripe has failed at it. Each try has a key of its own, because Stripe repeats its failures.
///
/// # Errors
/// When the database fails.
pub async fn failures(connection: &mut AsyncPgConnection, payment: PaymentId) -> QueryResult<i32> {
    prepared("SELECT failures FROM refund WHERE payment_id = {}")
        .bind::<SqlUuid, _>(payment.0)
        .returning::<Integer>()
        .get_result(connection)
        .await
}

/// Stripe has failed at it once more.
///
/// # Errors
/// When the database fails.
pub async fn failed(connection: &mut AsyncPgConnection, payment: PaymentId) -> QueryResult<()> {
    prepared("UPDATE refund SET failures = failures + 1 WHERE payment_id = {}")
        .bind::<SqlUuid, _>(payment.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes the refund of a payment that is locked, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn write(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (status, stripe_id) = match &payment.refund {
        None => return Ok(()),
        Some(Refund::Due) => ("due", None),
        Some(Refund::Pending(id)) => ("pending", Some(id)),
        Some(Refund::Succeeded(id)) => ("succeeded", Some(id)),
    };
    prepared(
        "INSERT INTO refund (payment_id, stripe_id, status, created_at) VALUES ({}, {}, {}, {}) \
         ON CONFLICT (payment_id) DO UPDATE SET stripe_id = excluded.stripe_id, status = excluded.status",
    )
    .bind::<SqlUuid, _>(payment.id.0)
    .bind::<Nullable<Text>, _>(stripe_id)
    .bind::<Text, _>(status)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await
    .map(drop)
}
