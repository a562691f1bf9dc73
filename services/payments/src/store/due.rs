//! Which payments are to be looked at.

use std::time::Duration;

use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{Array, BigInt, Bool, Double, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::{OrderId, PaymentId};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{
    payments::milliseconds,
    row::{Columns, select_payments},
};
use crate::domain::Payment;

/// Takes payments whose time has come, at most `limit`, and puts them off by `patience`, so that no other
/// instance takes them meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn take(
    connection: &mut AsyncPgConnection,
    limit: i64,
    patience: Duration,
) -> QueryResult<Vec<PaymentId>> {
    let ids: Vec<Uuid> = prepared(
        "UPDATE payment SET due_at = now() + {} * interval '1 millisecond' \
         WHERE id IN (SELECT id FROM payment WHERE due_at <= now() ORDER BY due_at LIMIT {} \
                      FOR UPDATE SKIP LOCKED) \
         RETURNING id",
    )
    .bind::<Double, _>(milliseconds(patience))
    .bind::<BigInt, _>(limit)
    .returning::<SqlUuid>()
    .get_results(connection)
    .await?;
    Ok(ids.into_iter().map(PaymentId).collect())
}

/// A payment, and what its row tells beside it.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The payment.
    pub payment: Payment,
    /// Its order is over unpaid.
    pub ended: bool,
    /// Whoever was making its attempt was stopped.
    pub left_behind: bool,
}

/// A payment, to see what is to be done.
///
/// # Errors
/// When the database fails.
pub async fn look(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
) -> QueryResult<Option<Looked>> {
    let found: Option<(Payment, bool, bool)> = prepared(select_payments!(
        ", EXISTS (SELECT FROM ended e WHERE e.order_id = p.order_id), p.instance = ''",
        "WHERE p.id = {}"
    ))
    .bind::<SqlUuid, _>(id.0)
    .returning::<(Columns, Bool, Bool)>()
    .get_result(connection)
    .await
    .optional()?;
    Ok(found.map(|(payment, ended, left_behind)| Looked {
        payment,
        ended,
        left_behind,
    }))
}

/// How long until the next one's time comes; `None` when nothing is to be done.
///
/// # Errors
/// When the database fails.
pub async fn next(connection: &mut AsyncPgConnection) -> QueryResult<Option<Duration>> {
    let seconds: Option<f64> = prepared(
        "SELECT extract(epoch FROM due_at - now())::double precision FROM payment \
         WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1",
    )
    .returning::<Double>()
    .get_result(connection)
    .await
    .optional()?;
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
}

/// Puts one off, unless somebody wants it sooner. A payment that is done with stays so.
///
/// # Errors
/// When the database fails.
pub async fn put_off(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
    by: Duration,
) -> QueryResult<()> {
    prepared(
        "UPDATE payment SET due_at = now() + {} * interval '1 millisecond' \
         WHERE id = {} AND due_at > now()",
    )
    .bind::<Double, _>(milliseconds(by))
    .bind::<SqlUuid, _>(id.0)
    .execute(connection)
    .await
    .map(drop)
}

/// Nothing more is to be done about a payment whose attempt failed, as far as is known.
///
/// # Errors
/// When the database fails.
pub async fn leave(connection: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<()> {
    prepared(
        "UPDATE payment SET due_at = NULL \
         WHERE id = {} AND due_at > now() AND status = 'failed' AND NOT leased \
           AND NOT EXISTS (SELECT FROM ended e WHERE e.order_id = payment.order_id)",
    )
    .bind::<SqlUuid, _>(id.0)
    .execute(connection)
    .await
    .map(drop)
}

/// Has the payments of these orders looked at now, if anything can still be charged for them.
///
/// # Errors
/// When the database fails.
pub async fn of_orders(connection: &mut AsyncPgConnection, orders: &[OrderId]) -> QueryResult<()> {
    let ids: Vec<_> = orders.iter().map(|order| order.0).collect();
    prepared(
        "UPDATE payment SET due_at = now() \
         WHERE order_id = ANY({}) AND status IN ('attempting', 'requires-action', 'failed')",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(connection)
    .await
    .map(drop)
}

/// Has a payment that waits for its buyer looked at now, because the buyer asks; not within a second of
/// the last time, which had it put off by `action`.
///
/// # Errors
/// When the database fails.
pub async fn nudge(
    connection: &mut AsyncPgConnection,
    id: PaymentId,
    action: Duration,
) -> QueryResult<bool> {
    let recently = action.saturating_sub(Duration::from_secs(1));
    let nudged = prepared(
        "UPDATE payment SET due_at = now() \
         WHERE id = {} AND status = 'requires-action' AND due_at > now() \
           AND due_at < now() + {} * interval '1 millisecond'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Double, _>(milliseconds(recently))
    .execute(connection)
    .await?;
    Ok(nudged == 1)
}

/// Has the attempts looked at now that this instance was making when it was stopped: nobody is at them.
///
/// # Errors
/// When the database fails.
pub async fn left_behind(connection: &mut AsyncPgConnection, instance: &str) -> QueryResult<usize> {
    prepared(
        "UPDATE payment SET due_at = now(), instance = '' \
         WHERE due_at IS NOT NULL AND status = 'attempting' AND instance = {}",
    )
    .bind::<Text, _>(instance)
    .execute(connection)
    .await
}
