//! Payments, one by one.

use std::time::Duration;

use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::{OrderId, PaymentId};
use ticketing_postgres::prepared;

use super::row::{Columns, columns, select_payments};
use crate::domain::Payment;

/// A payment.
///
/// # Errors
/// When the database fails.
pub async fn find(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
) -> QueryResult<Option<Payment>> {
    prepared(select_payments!("WHERE p.id = {}"))
        .bind::<SqlUuid, _>(id.0)
        .returning::<Columns>()
        .get_result(connection)
        .await
        .optional()
}

/// The payment of an order.
///
/// # Errors
/// When the database fails.
pub async fn of_order(
    connection: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<Payment>> {
    prepared(select_payments!("WHERE p.order_id = {}"))
        .bind::<SqlUuid, _>(order.0)
        .returning::<Columns>()
        .get_result(connection)
        .await
        .optional()
}

/// Locks a payment until the transaction ends. Whatever changes one does so first.
///
/// In a statement of its own: one that has waited for a lock sees the locked row as it is by then, and what
/// it joins, the refund, as it was before.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
) -> QueryResult<Option<Payment>> {
    prepared("SELECT FROM payment WHERE id = {} FOR UPDATE")
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await?;
    find(connection, id).await
}

/// Locks the payment of an order.
///
/// # Errors
/// When the database fails.
pub async fn lock_of_order(
    connection: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<Option<Payment>> {
    prepared("SELECT FROM payment WHERE order_id = {} FOR UPDATE")
        .bind::<SqlUuid, _>(order.0)
        .execute(connection)
        .await?;
    of_order(connection, order).await
}

/// Writes a payment that is locked. It is looked at again after `due_in`, and at once when its order has
/// ended and something can still be charged for it.
///
/// # Errors
/// When the database fails.
pub async fn update(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    due_in: Option<Duration>,
) -> QueryResult<()> {
    let (status, reason, message, secret, settled) = columns(&payment.state);
    let attempt = &payment.attempt;
    prepared(
        "UPDATE payment SET version = {}, status = {}, reason = {}, message = {}, \
                client_secret = {}, settled = {}, intent = {}, attempt = {}, method = {}, \
                confirming = {}, attempted_at = {}, lease = {}, leased = {}, \
                due_at = CASE WHEN {} AND EXISTS (SELECT FROM ended e WHERE e.order_id = payment.order_id) \
                              THEN now() \
                              ELSE now() + {} * interval '1 millisecond' END \
         WHERE id = {}",
    )
    .bind::<BigInt, _>(payment.version)
    .bind::<Text, _>(status)
    .bind::<Nullable<Text>, _>(reason)
    .bind::<Nullable<Text>, _>(message)
    .bind::<Nullable<Text>, _>(secret)
    .bind::<Nullable<Text>, _>(settled)
    .bind::<Nullable<Text>, _>(&payment.intent)
    .bind::<Integer, _>(attempt.number)
    .bind::<Text, _>(attempt.method.as_str())
    .bind::<Bool, _>(attempt.confirming)
    .bind::<Timestamptz, _>(attempt.begun_at)
    .bind::<BigInt, _>(payment.lease)
    .bind::<Bool, _>(payment.leased)
    .bind::<Bool, _>(payment.can_be_charged())
    .bind::<Nullable<Double>, _>(due_in.map(milliseconds))
    .bind::<SqlUuid, _>(payment.id.0)
    .execute(connection)
    .await
    .map(drop)
}

/// Notes who makes the last attempt.
///
/// # Errors
/// When the database fails.
pub async fn adopt(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
    instance: &str,
) -> QueryResult<()> {
    prepared("UPDATE payment SET instance = {} WHERE id = {}")
        .bind::<Text, _>(instance)
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Commits to ask Stripe to charge an attempt. Returns whether that may be done: not when the order has
/// ended, or another attempt has begun, meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn confirming(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    intent: &str,
) -> QueryResult<bool> {
    let noted = prepared(
        "UPDATE payment SET confirming = true, intent = {} \
         WHERE id = {} AND attempt = {} AND status = 'attempting' AND coalesce(intent, {}) = {} \
           AND NOT EXISTS (SELECT FROM ended e WHERE e.order_id = payment.order_id)",
    )
    .bind::<Text, _>(intent)
    .bind::<SqlUuid, _>(payment.id.0)
    .bind::<Integer, _>(payment.attempt.number)
    .bind::<Text, _>(intent)
    .bind::<Text, _>(intent)
    .execute(connection)
    .await?;
    Ok(noted == 1)
}

/// Notes the last of several leases.
///
/// # Errors
/// When the database fails.
pub async fn lease(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
    lease: i64,
) -> QueryResult<()> {
    prepared("UPDATE payment SET lease = {}, leased = true WHERE id = {} AND lease < {}")
        .bind::<BigInt, _>(lease)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(lease)
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that orders keeps nothing because of this lease any more.
///
/// # Errors
/// When the database fails.
pub async fn given_back(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
    lease: i64,
) -> QueryResult<()> {
    prepared(
        "UPDATE payment SET leased = false, \
                due_at = CASE WHEN EXISTS (SELECT FROM ended e WHERE e.order_id = payment.order_id) \
                              THEN due_at END \
         WHERE id = {} AND lease = {} AND status = 'failed'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(lease)
    .execute(connection)
    .await
    .map(drop)
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_millis() as f64
}
