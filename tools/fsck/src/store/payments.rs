//! The schema of payments, beside the orders that are paid by it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::MOST;
use crate::config::{Bounds, Schemas};

/// How many there are of what is looked at.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Counts {
    /// Orders with a payment: complete, or to be given back.
    #[diesel(sql_type = BigInt)]
    pub paid: i64,
    /// Payments.
    #[diesel(sql_type = BigInt)]
    pub payments: i64,
    /// Refunds, made or not.
    #[diesel(sql_type = BigInt)]
    pub refunds: i64,
}

/// An order that was paid, and by what; not all of that is right.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Paid {
    #[diesel(sql_type = SqlUuid)]
    pub order_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub payment_id: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// Of which order the payment is; `None`: there is no such payment.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub paid_order: Option<Uuid>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub paid_amount: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub paid_currency: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub payment_status: Option<String>,
}

/// Several payments that have one order, or one `PaymentIntent`.
#[derive(Debug, Clone, QueryableByName)]
pub struct Shared {
    /// What they have: the order's id, or Stripe's.
    #[diesel(sql_type = Text)]
    pub what: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// A payment, or a refund, that does not fit its order.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Odd {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    pub settled: Option<String>,
    /// There is a refund.
    #[diesel(sql_type = Bool)]
    pub refund: bool,
    /// Its order is complete by it.
    #[diesel(sql_type = Bool)]
    pub completed: bool,
    /// Its order has it given back.
    #[diesel(sql_type = Bool)]
    pub given_up: bool,
}

/// A payment that somebody has to do something about.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct UnderWay {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Timestamptz)]
    pub attempted_at: DateTime<Utc>,
    /// Its order is cancelled.
    #[diesel(sql_type = Bool)]
    pub over: bool,
    /// The state of its refund.
    #[diesel(sql_type = Nullable<Text>)]
    pub refund: Option<String>,
}

/// A payment that orders does not know as it is.
#[derive(Debug, Clone, QueryableByName)]
pub struct Copy {
    /// Of which order.
    #[diesel(sql_type = SqlUuid)]
    pub order_id: Uuid,
    /// By payments; `None`: there is no such payment.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub version: Option<i64>,
    /// Of orders' copy; `None`: there is none.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub copied: Option<i64>,
    /// The money's whereabouts are others in the copy, or it is of another payment.
    #[diesel(sql_type = Bool)]
    pub differs: bool,
}

/// What came in, in one currency and in minor units.
#[derive(Debug, Clone, QueryableByName)]
pub struct Takings {
    /// Its code.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// What complete orders cost.
    #[diesel(sql_type = BigInt)]
    pub sold: i64,
    /// What was paid and is not given back.
    #[diesel(sql_type = BigInt)]
    pub kept: i64,
    /// Payments that were made.
    #[diesel(sql_type = BigInt)]
    pub charges: i64,
    /// What they were of.
    #[diesel(sql_type = BigInt)]
    pub charged: i64,
    /// Refunds that Stripe was asked for.
    #[diesel(sql_type = BigInt)]
    pub refunds: i64,
    /// What they were of.
    #[diesel(sql_type = BigInt)]
    pub refunded: i64,
}

/// How many there are.
///
/// # Errors
/// When Postgres does not answer.
pub async fn counts(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Counts> {
    let (orders, payments) = (&s.orders, &s.payments);
    sql_query(format!(
        "SELECT (SELECT count(*) FROM {orders}.orders WHERE payment_id IS NOT NULL) AS paid, \
                (SELECT count(*) FROM {payments}.payment) AS payments, \
                (SELECT count(*) FROM {payments}.refund) AS refunds"
    ))
    .get_result(connection)
    .await
}

/// Orders whose payment is not there, another's, of another amount, or not made.
///
/// # Errors
/// When Postgres does not answer.
pub async fn oddly_paid(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Vec<Paid>> {
    let (orders, payments) = (&s.orders, &s.payments);
    sql_query(format!(
        "SELECT o.id AS order_id, o.payment_id, o.total, o.currency, p.order_id AS paid_order, \
                p.amount AS paid_amount, p.currency AS paid_currency, p.status AS payment_status \
         FROM {orders}.orders o LEFT JOIN {payments}.payment p ON p.id = o.payment_id \
         WHERE (o.payment_id IS NOT NULL OR o.status = 'complete') \
           AND (p.order_id IS DISTINCT FROM o.id \
            OR (p.amount, p.currency) <> (o.total, o.currency) OR p.status <> 'succeeded') \
         ORDER BY o.id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Orders, and Stripe's `PaymentIntent`s, that several payments have.
///
/// # Errors
/// When Postgres does not answer.
pub async fn shared(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Vec<Shared>> {
    let payments = &s.payments;
    sql_query(format!(
        "SELECT 'order ' || order_id AS what, count(*) AS count FROM {payments}.payment \
         GROUP BY order_id HAVING count(*) > 1 \
         UNION ALL \
         SELECT intent, count(*) FROM {payments}.payment WHERE intent IS NOT NULL \
         GROUP BY intent HAVING count(*) > 1 \
         ORDER BY what LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Payments and refunds that do not fit their order.
///
/// # Errors
/// When Postgres does not answer.
pub async fn odd(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Vec<Odd>> {
    let (orders, payments) = (&s.orders, &s.payments);
    sql_query(format!(
        "SELECT * FROM ( \
           SELECT coalesce(p.id, r.payment_id) AS id, p.settled, r.payment_id IS NOT NULL AS refund, \
                  coalesce(o.status = 'complete', false) AS completed, \
                  coalesce(o.refund_due, false) AS given_up \
           FROM {payments}.payment p FULL JOIN {payments}.refund r ON r.payment_id = p.id \
           LEFT JOIN {orders}.orders o ON o.id = p.order_id AND o.payment_id = p.id) AS payment \
         WHERE (settled = 'complete' AND NOT completed) OR (settled = 'refund-due' AND NOT refund) \
            OR (refund AND NOT given_up) \
         ORDER BY id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Payments that somebody has to do something about, and may have to for no longer.
///
/// # Errors
/// When Postgres does not answer.
pub async fn under_way(
    connection: &mut AsyncPgConnection,
    s: &Schemas,
    bounds: &Bounds,
) -> QueryResult<Vec<UnderWay>> {
    let (orders, payments) = (&s.orders, &s.payments);
    // A refund that is pending is at the bank, which may take days.
    sql_query(format!(
        "SELECT p.id, p.status, p.attempted_at, coalesce(o.status = 'cancelled', false) AS over, \
                r.status AS refund \
         FROM {payments}.payment p LEFT JOIN {payments}.refund r ON r.payment_id = p.id \
         LEFT JOIN {orders}.orders o ON o.id = p.order_id \
         WHERE (p.status = 'attempting' AND p.attempted_at < {before_attempt}) \
            OR (p.status = 'succeeded' AND p.settled IS NULL) \
            OR (p.status IN ('requires-action', 'failed') AND o.status = 'cancelled') \
            OR (r.status IS NOT NULL AND p.status <> 'succeeded') \
            OR (r.status = 'due' AND r.created_at < {before_refund}) \
         ORDER BY p.id LIMIT {MOST}",
        before_attempt = ago(1),
        before_refund = ago(2),
    ))
    .bind::<Double, _>(seconds(bounds.attempt))
    .bind::<Double, _>(seconds(bounds.refund))
    .get_results(connection)
    .await
}

/// So many seconds ago, by the parameter of this number.
fn ago(parameter: u8) -> String {
    format!("clock_timestamp() - make_interval(secs => ${parameter})")
}

fn seconds(length: Duration) -> f64 {
    length.as_secs_f64()
}

/// Payments that orders does not know as they are.
///
/// # Errors
/// When Postgres does not answer.
pub async fn copies(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Vec<Copy>> {
    let (orders, payments) = (&s.orders, &s.payments);
    // Another attempt, after one that failed, is not told until something comes of it: only where the
    // money is can be compared. Version 0: nothing was told yet.
    sql_query(format!(
        "SELECT * FROM ( \
           SELECT coalesce(p.order_id, c.order_id) AS order_id, p.version, c.version AS copied, \
                  coalesce(c.payment_id <> p.id \
                    OR (c.status IN ('succeeded', 'refunded')) <> (p.status = 'succeeded') \
                    OR (c.status = 'refunded') <> (coalesce(r.status, '') = 'succeeded'), false) \
                    AS differs \
           FROM {payments}.payment p FULL JOIN {orders}.order_payment c ON c.order_id = p.order_id \
           LEFT JOIN {payments}.refund r ON r.payment_id = p.id) AS pair \
         WHERE version IS NULL OR version <> coalesce(copied, 0) OR differs \
         ORDER BY order_id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// What came in, by currency.
///
/// # Errors
/// When Postgres does not answer.
pub async fn takings(connection: &mut AsyncPgConnection, s: &Schemas) -> QueryResult<Vec<Takings>> {
    let (orders, payments) = (&s.orders, &s.payments);
    sql_query(format!(
        "SELECT currency, coalesce(o.sold, 0) AS sold, coalesce(p.kept, 0) AS kept, \
                coalesce(charges, 0) AS charges, coalesce(charged, 0) AS charged, \
                coalesce(refunds, 0) AS refunds, coalesce(refunded, 0) AS refunded \
         FROM (SELECT currency, sum(total)::bigint AS sold FROM {orders}.orders \
               WHERE status = 'complete' GROUP BY currency) o \
         FULL JOIN ( \
           SELECT p.currency, \
                  (sum(p.amount) FILTER (WHERE r.payment_id IS NULL))::bigint AS kept, \
                  count(*) AS charges, sum(p.amount)::bigint AS charged, \
                  count(r.stripe_id) AS refunds, \
                  (sum(p.amount) FILTER (WHERE r.stripe_id IS NOT NULL))::bigint AS refunded \
           FROM {payments}.payment p LEFT JOIN {payments}.refund r ON r.payment_id = p.id \
           WHERE p.status = 'succeeded' GROUP BY p.currency) p USING (currency) \
         ORDER BY currency"
    ))
    .get_results(connection)
    .await
}
