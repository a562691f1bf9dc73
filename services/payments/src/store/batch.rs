//! What several payments need, by one statement each.
//!
//! None of these waits for a payment's row: one that is locked elsewhere is left out, and whoever wants it
//! written does so alone, with time to wait. So a batch is in no circle of those who wait for each other's
//! rows, and nobody's row holds up another's payment. Rows that are added have an order, the same for all.
//!
//! They can be sent at the same time, and each says what it did.

use std::{collections::HashSet, time::Duration};

use diesel::{
    QueryResult,
    sql_types::{
        Array, BigInt, Bytea, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::PaymentId;
use ticketing_http::idempotency::Repeatable;
use ticketing_messaging::Envelope;
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{column, payments::milliseconds};
use crate::domain::Payment;

/// A payment with its first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// As it begins.
    pub payment: Payment,
    /// The request that begins it.
    pub request: Option<Repeatable>,
}

/// An attempt that Stripe is about to be asked to charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirming {
    /// The payment.
    pub id: PaymentId,
    /// Which of its attempts.
    pub attempt: i32,
    /// The `PaymentIntent` that is to be charged.
    pub intent: String,
}

/// A payment that has succeeded and has made its order complete: nothing is left to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// The payment.
    pub id: PaymentId,
    /// The one after that which it was seen in.
    pub version: i64,
    /// What was charged.
    pub intent: String,
    /// What is told.
    pub event: Envelope,
}

/// Begins payments, each with its first attempt, unless its order has one or is over, or its request has
/// begun an attempt before. Returns which.
///
/// # Errors
/// When the database fails, or another request has the same key and comes at the same time
/// ([`super::attempts::KEY`]).
pub async fn begin(
    connection: &AsyncPgConnection,
    begins: &[&Begin],
    instance: &str,
    due_in: Duration,
) -> QueryResult<HashSet<PaymentId>> {
    if begins.is_empty() {
        return Ok(HashSet::new());
    }
    let payments = || begins.iter().map(|begin| &begin.payment);
    let requests = || begins.iter().map(|begin| begin.request.as_ref());
    prepared(
        "WITH n AS (SELECT * FROM unnest({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}) \
           AS n (id, order_id, user_id, amount, currency, method, attempted_at, lease, created_at, \
                 request_key, fingerprint)), \
              begun AS ( \
           INSERT INTO payment (id, order_id, user_id, amount, currency, version, status, attempt, \
                                method, attempted_at, instance, lease, due_at, created_at) \
           SELECT n.id, n.order_id, n.user_id, n.amount, n.currency, 0, 'attempting', 1, n.method, \
                  n.attempted_at, {}, n.lease, now() + {} * interval '1 millisecond', n.created_at \
           FROM n WHERE NOT EXISTS (SELECT FROM ended e WHERE e.order_id = n.order_id) \
                    AND NOT EXISTS (SELECT FROM attempt a WHERE a.user_id = n.user_id \
                                                            AND a.request_key = n.request_key) \
           ORDER BY n.order_id ON CONFLICT (order_id) DO NOTHING RETURNING id) \
         INSERT INTO attempt (payment_id, number, user_id, request_key, fingerprint, begun_at) \
         SELECT n.id, 1, n.user_id, n.request_key, n.fingerprint, n.attempted_at \
         FROM n JOIN begun USING (id) RETURNING payment_id",
    )
    .bind::<Array<SqlUuid>, _>(column(payments(), |payment| payment.id.0))
    .bind::<Array<SqlUuid>, _>(column(payments(), |payment| payment.order_id.0))
    .bind::<Array<SqlUuid>, _>(column(payments(), |payment| payment.user_id.0))
    .bind::<Array<BigInt>, _>(column(payments(), |payment| payment.amount))
    .bind::<Array<Text>, _>(column(payments(), |payment| payment.currency.code()))
    .bind::<Array<Text>, _>(column(payments(), |payment| {
        payment.attempt.method.as_str()
    }))
    .bind::<Array<Timestamptz>, _>(column(payments(), |payment| payment.attempt.begun_at))
    .bind::<Array<BigInt>, _>(column(payments(), |payment| payment.lease))
    .bind::<Array<Timestamptz>, _>(column(payments(), |payment| payment.created_at))
    .bind::<Array<Nullable<Text>>, _>(column(requests(), |request| {
        request.map(|request| request.key.as_str())
    }))
    .bind::<Array<Nullable<Bytea>>, _>(column(requests(), |request| {
        request.map(|request| request.fingerprint.as_slice())
    }))
    .bind::<Text, _>(instance)
    .bind::<Double, _>(milliseconds(due_in))
    .returning::<SqlUuid>()
    .get_results(&mut &*connection)
    .await
    .map(ids)
}

/// [`payments::confirming`] of several.
///
/// # Errors
/// When the database fails.
pub async fn confirming(
    connection: &AsyncPgConnection,
    attempts: &[&Confirming],
) -> QueryResult<HashSet<PaymentId>> {
    if attempts.is_empty() {
        return Ok(HashSet::new());
    }
    let payments = column(attempts, |attempt| attempt.id.0);
    prepared(
        "WITH free AS MATERIALIZED ( \
           SELECT id FROM payment WHERE id = ANY({}) FOR UPDATE SKIP LOCKED) \
         UPDATE payment p SET confirming = true, intent = n.intent \
         FROM unnest({}, {}, {}) AS n (id, attempt, intent) JOIN free USING (id) \
         WHERE p.id = n.id AND p.attempt = n.attempt AND p.status = 'attempting' \
           AND coalesce(p.intent, n.intent) = n.intent \
           AND NOT EXISTS (SELECT FROM ended e WHERE e.order_id = p.order_id) \
         RETURNING p.id",
    )
    .bind::<Array<SqlUuid>, _>(&payments)
    .bind::<Array<SqlUuid>, _>(&payments)
    .bind::<Array<Integer>, _>(column(attempts, |attempt| attempt.attempt))
    .bind::<Array<Text>, _>(column(attempts, |attempt| attempt.intent.as_str()))
    .returning::<SqlUuid>()
    .get_results(&mut &*connection)
    .await
    .map(ids)
}

/// Writes successes of payments that are as they were seen: nothing was told of them since, and nobody wants
/// them looked at now, as whoever notes a refund does. Their events are to be appended in the same
/// transaction.
///
/// It writes what [`Payment::take`] and [`Payment::settle`] make of such a payment, whatever else has
/// changed about it: a success counts whatever was thought before.
///
/// # Errors
/// When the database fails.
pub async fn succeed(
    connection: &AsyncPgConnection,
    successes: &[&Success],
) -> QueryResult<HashSet<PaymentId>> {
    if successes.is_empty() {
        return Ok(HashSet::new());
    }
    let payments = column(successes, |success| success.id.0);
    prepared(
        "WITH free AS MATERIALIZED ( \
           SELECT id FROM payment WHERE id = ANY({}) FOR UPDATE SKIP LOCKED) \
         UPDATE payment p SET version = n.version, status = 'succeeded', reason = NULL, \
                message = NULL, client_secret = NULL, settled = 'complete', due_at = NULL \
         FROM unnest({}, {}, {}) AS n (id, version, intent) JOIN free USING (id) \
         WHERE p.id = n.id AND p.version = n.version - 1 AND p.intent = n.intent \
           AND p.status <> 'succeeded' AND p.due_at > clock_timestamp() \
           AND NOT EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id) \
         RETURNING p.id",
    )
    .bind::<Array<SqlUuid>, _>(&payments)
    .bind::<Array<SqlUuid>, _>(&payments)
    .bind::<Array<BigInt>, _>(column(successes, |success| success.version))
    .bind::<Array<Text>, _>(column(successes, |success| success.intent.as_str()))
    .returning::<SqlUuid>()
    .get_results(&mut &*connection)
    .await
    .map(ids)
}

fn ids(rows: Vec<Uuid>) -> HashSet<PaymentId> {
    rows.into_iter().map(PaymentId).collect()
}
