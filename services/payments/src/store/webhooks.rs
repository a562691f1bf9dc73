//! What Stripe has told.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::PaymentId;
use ticketing_postgres::prepared;

/// Notes an event by Stripe's id; if it is new, has the payment that it is about looked at now, unless that
/// is done with. The payment is found by Stripe's id of it, or by ours when that was not stored yet. Returns
/// whether there is something to look at.
///
/// # Errors
/// When the database fails.
pub async fn note(
    connection: &mut AsyncPgConnection,
    id: &str,
    now: DateTime<Utc>,
    intent: &str,
    payment: Option<PaymentId>,
) -> QueryResult<bool> {
    let woken = prepared(
        "WITH noted AS ( \
           INSERT INTO webhook_event (id, received_at) VALUES ({}, {}) ON CONFLICT DO NOTHING \
           RETURNING id) \
         UPDATE payment p SET due_at = now() FROM noted \
         WHERE (p.intent = {} OR p.id = {}) \
           AND (p.status IN ('attempting', 'requires-action', 'failed') \
                OR EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.status <> 'succeeded'))",
    )
    .bind::<Text, _>(id)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(intent)
    .bind::<Nullable<SqlUuid>, _>(payment.map(|id| id.0))
    .execute(connection)
    .await?;
    Ok(woken > 0)
}

/// Removes events that Stripe does not repeat any more, some at a time. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(
    connection: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    prepared(
        "DELETE FROM webhook_event WHERE id IN \
           (SELECT id FROM webhook_event WHERE received_at < {} LIMIT 1000)",
    )
    .bind::<Timestamptz, _>(before)
    .execute(connection)
    .await
}
