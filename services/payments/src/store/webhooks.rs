//! What Stripe has told.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    sql_types::{Array, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::PaymentId;
use ticketing_postgres::prepared;

use super::{column, payments::milliseconds};

/// An event of Stripe's: something has happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Stripe's id of the event.
    pub event: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// Stripe's id of the payment …
    pub intent: String,
    /// … and ours, to find it by as long as Stripe's was not stored.
    pub payment: Option<PaymentId>,
}

/// What was done about several hints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// Events that were not noted, because somebody is at their payments.
    pub held: HashSet<String>,
    /// There is something to look at now.
    pub due: bool,
}

/// Whether anything can still become of `payment p`.
macro_rules! is_open {
    () => {
        "(p.status IN ('attempting', 'requires-action', 'failed') \
          OR EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.status <> 'succeeded'))"
    };
}

/// When `payment p` is looked at because of a hint: now; but whoever is making an attempt hears from Stripe
/// as well, and most likely has written it before so many milliseconds have passed.
macro_rules! hinted {
    () => {
        "CASE WHEN p.status = 'attempting' AND p.reason IS NULL AND p.instance <> '' \
              THEN least(p.due_at, now() + {} * interval '1 millisecond') ELSE now() END"
    };
}

/// Notes an event; if it is new, has the payment that it is about looked at, unless that is done with: now,
/// or after `patience` while somebody is making an attempt. Returns whether there is something to look at
/// now.
///
/// # Errors
/// When the database fails.
pub async fn note(
    connection: &mut AsyncPgConnection,
    hint: &Hint,
    patience: Duration,
) -> QueryResult<bool> {
    let woken: Vec<bool> = prepared(concat!(
        "WITH noted AS ( \
           INSERT INTO webhook_event (id, received_at) VALUES ({}, {}) ON CONFLICT DO NOTHING \
           RETURNING id) \
         UPDATE payment p SET due_at = ",
        hinted!(),
        " FROM noted WHERE (p.intent = {} OR p.id = {}) AND ",
        is_open!(),
        " RETURNING p.due_at <= now()"
    ))
    .bind::<Text, _>(&hint.event)
    .bind::<Timestamptz, _>(hint.at)
    .bind::<Double, _>(milliseconds(patience))
    .bind::<Text, _>(&hint.intent)
    .bind::<Nullable<SqlUuid>, _>(hint.payment.map(|id| id.0))
    .returning::<Bool>()
    .get_results(connection)
    .await?;
    Ok(woken.contains(&true))
}

/// [`note`] of several, which waits for nobody's row: where one is locked, the event is not noted either,
/// or its repeat would count for nothing. See [`super::batch`].
///
/// # Errors
/// When the database fails.
pub async fn note_all(
    connection: &AsyncPgConnection,
    hints: &[&Hint],
    patience: Duration,
) -> QueryResult<Noted> {
    if hints.is_empty() {
        return Ok(Noted::default());
    }
    let (held, due): (Vec<String>, bool) = prepared(concat!(
        "WITH told AS MATERIALIZED ( \
           SELECT n.id, n.received_at, p.id AS payment_id \
           FROM unnest({}, {}, {}, {}) AS n (id, received_at, intent, payment_id) \
           LEFT JOIN payment p ON (p.intent = n.intent OR p.id = n.payment_id) AND ",
        is_open!(),
        "), free AS MATERIALIZED ( \
           SELECT id FROM payment WHERE id IN (SELECT payment_id FROM told) \
           FOR UPDATE SKIP LOCKED \
         ), held AS MATERIALIZED ( \
           SELECT id FROM told \
           WHERE payment_id IS NOT NULL AND payment_id NOT IN (SELECT id FROM free) \
         ), noted AS ( \
           INSERT INTO webhook_event (id, received_at) \
           SELECT id, received_at FROM told WHERE id NOT IN (SELECT id FROM held) \
           ORDER BY id ON CONFLICT DO NOTHING RETURNING id \
         ), woken AS ( \
           UPDATE payment p SET due_at = ",
        hinted!(),
        " FROM told JOIN noted USING (id) WHERE p.id = told.payment_id AND ",
        is_open!(),
        " RETURNING p.due_at <= now() AS due) \
         SELECT ARRAY(SELECT id FROM held), EXISTS (SELECT FROM woken WHERE due)"
    ))
    .bind::<Array<Text>, _>(column(hints, |hint| hint.event.as_str()))
    .bind::<Array<Timestamptz>, _>(column(hints, |hint| hint.at))
    .bind::<Array<Text>, _>(column(hints, |hint| hint.intent.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(hints, |hint| hint.payment.map(|id| id.0)))
    .bind::<Double, _>(milliseconds(patience))
    .returning::<(Array<Text>, Bool)>()
    .get_result(&mut &*connection)
    .await?;
    let held = held.into_iter().collect();
    Ok(Noted { held, due })
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
