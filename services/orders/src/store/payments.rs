//! What was heard of payments: a copy, each order's newest.

use std::collections::{HashMap, HashSet};

use diesel::{
    QueryResult,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    events::payments::PaymentReason,
    ids::{OrderId, PaymentId},
};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{column, corrupt};
use crate::domain::{Payment, PaymentStatus};

/// Keeps what is newer than what is known.
///
/// # Errors
/// When the database fails.
pub async fn keep(connection: &mut AsyncPgConnection, heard: &[Payment]) -> QueryResult<()> {
    // The newest of each, by id: everybody writes in that order, so that nobody waits in a circle.
    let mut newest: Vec<_> = heard.iter().collect();
    newest.sort_by_key(|payment| (payment.order_id, std::cmp::Reverse(payment.version)));
    newest.dedup_by_key(|payment| payment.order_id);
    let newest = || newest.iter().copied();
    prepared(
        "INSERT INTO order_payment AS known (order_id, payment_id, version, status, reason) \
         SELECT * FROM unnest({}, {}, {}, {}, {}) \
         ON CONFLICT (order_id) DO UPDATE \
         SET payment_id = excluded.payment_id, version = excluded.version, \
             status = excluded.status, reason = excluded.reason \
         WHERE known.version < excluded.version",
    )
    .bind::<Array<SqlUuid>, _>(column(newest(), |payment| payment.order_id.0))
    .bind::<Array<SqlUuid>, _>(column(newest(), |payment| payment.id.0))
    .bind::<Array<BigInt>, _>(column(newest(), |payment| payment.version))
    .bind::<Array<Text>, _>(column(newest(), |payment| text(payment.status)))
    .bind::<Array<Nullable<Text>>, _>(column(newest(), |payment| payment.reason.map(why)))
    .execute(connection)
    .await
    .map(drop)
}

/// What is known of the payments of these orders.
///
/// # Errors
/// When the database fails.
pub async fn of_orders(
    connection: &AsyncPgConnection,
    orders: impl IntoIterator<Item = OrderId>,
) -> QueryResult<HashMap<OrderId, Payment>> {
    let orders: Vec<_> = orders.into_iter().map(|id| id.0).collect();
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Uuid, i64, String, Option<String>)> = prepared(
        "SELECT order_id, payment_id, version, status, reason FROM order_payment \
         WHERE order_id = ANY({})",
    )
    .bind::<Array<SqlUuid>, _>(orders)
    .returning::<(SqlUuid, SqlUuid, BigInt, Text, Nullable<Text>)>()
    .get_results(&mut &*connection)
    .await?;
    let payment = |(order_id, id, version, text, why): (Uuid, _, _, String, Option<String>)| {
        let payment = Payment {
            id: PaymentId(id),
            order_id: OrderId(order_id),
            version,
            status: status(&text).ok_or_else(|| corrupt("the payment's status", order_id))?,
            reason: why.as_deref().map(reason),
        };
        Ok((payment.order_id, payment))
    };
    rows.into_iter().map(payment).collect()
}

/// Those of `payments` that their orders have settled: that stays so, and no lock is needed to read it.
///
/// # Errors
/// When the database fails.
pub async fn settled(
    connection: &mut AsyncPgConnection,
    payments: &[(OrderId, PaymentId)],
) -> QueryResult<HashSet<PaymentId>> {
    if payments.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = prepared(
        "SELECT o.payment_id FROM orders AS o \
         JOIN unnest({}, {}) AS p (order_id, id) ON o.id = p.order_id AND o.payment_id = p.id \
         WHERE o.status = 'complete' OR o.refund_due",
    )
    .bind::<Array<SqlUuid>, _>(column(payments, |(order, _)| order.0))
    .bind::<Array<SqlUuid>, _>(column(payments, |(_, payment)| payment.0))
    .returning::<SqlUuid>()
    .get_results(connection)
    .await?;
    Ok(ids.into_iter().map(PaymentId).collect())
}

fn text(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Pending => "pending",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Succeeded => "succeeded",
        PaymentStatus::Refunded => "refunded",
    }
}

fn status(text: &str) -> Option<PaymentStatus> {
    match text {
        "pending" => Some(PaymentStatus::Pending),
        "failed" => Some(PaymentStatus::Failed),
        "succeeded" => Some(PaymentStatus::Succeeded),
        "refunded" => Some(PaymentStatus::Refunded),
        _ => None,
    }
}

/// As the events have it.
fn why(reason: PaymentReason) -> &'static str {
    match reason {
        PaymentReason::RequiresAction => "requires-action",
        PaymentReason::Unconfirmed => "unconfirmed",
        PaymentReason::Declined => "declined",
        PaymentReason::NotAuthenticated => "not-authenticated",
        PaymentReason::Unavailable => "unavailable",
        PaymentReason::OrderEnded => "order-ended",
        PaymentReason::Other => "other",
    }
}

fn reason(text: &str) -> PaymentReason {
    match text {
        "requires-action" => PaymentReason::RequiresAction,
        "unconfirmed" => PaymentReason::Unconfirmed,
        "declined" => PaymentReason::Declined,
        "not-authenticated" => PaymentReason::NotAuthenticated,
        "unavailable" => PaymentReason::Unavailable,
        "order-ended" => PaymentReason::OrderEnded,
        _ => PaymentReason::Other,
    }
}
