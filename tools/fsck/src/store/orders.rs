//! The schema of orders. Set-wise: each query reads every table once, however many orders there are.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::MOST;
use crate::config::Schema;

/// What open orders are, in SQL.
const OPEN: &str = "('created', 'awaiting:payment')";

/// A ticket's stock, beside the sums over its orders.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Ticket {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Integer)]
    pub requested: i32,
    #[diesel(sql_type = Integer)]
    pub capacity: i32,
    #[diesel(sql_type = Integer)]
    pub held: i32,
    #[diesel(sql_type = Integer)]
    pub sold: i32,
    #[diesel(sql_type = BigInt)]
    pub revenue: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_release_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    pub closed: bool,
    /// The same by the orders.
    #[diesel(embed)]
    pub orders: Sums,
}

/// What the orders for one ticket say.
#[derive(Debug, Clone, QueryableByName)]
pub struct Sums {
    /// By open orders.
    #[diesel(sql_type = BigInt, column_name = "orders_held")]
    pub held: i64,
    /// To complete orders.
    #[diesel(sql_type = BigInt, column_name = "orders_sold")]
    pub sold: i64,
    /// What complete orders cost.
    #[diesel(sql_type = BigInt, column_name = "orders_revenue")]
    pub revenue: i64,
    /// When the next item is released.
    #[diesel(sql_type = Nullable<Timestamptz>, column_name = "orders_next_release_at")]
    pub next_release_at: Option<DateTime<Utc>>,
    /// One whose price or currency is not that of the version that it ordered, which is the present one.
    #[diesel(sql_type = Nullable<Text>)]
    pub mispriced: Option<String>,
}

/// An order that is not in order.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Order {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = Timestamptz)]
    pub release_at: DateTime<Utc>,
    /// How many items it has.
    #[diesel(sql_type = BigInt)]
    pub items: i64,
    /// What they cost.
    #[diesel(sql_type = BigInt)]
    pub items_total: i64,
    /// How many of them are held.
    #[diesel(sql_type = BigInt)]
    pub held: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub first_held_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_held_until: Option<DateTime<Utc>>,
}

impl Order {
    /// Whether it holds its tickets.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == "created" || self.status == "awaiting:payment"
    }
}

/// An order without items, or an item without order or ticket.
#[derive(Debug, Clone, QueryableByName)]
pub struct Astray {
    /// Of the order.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// What is missing.
    #[diesel(sql_type = Text)]
    pub what: String,
}

/// A stock whose last figures are others.
#[derive(Debug, Clone, QueryableByName)]
pub struct Sale {
    /// Of which ticket.
    #[diesel(sql_type = SqlUuid)]
    pub ticket_id: Uuid,
    /// Held, sold, revenue.
    #[diesel(sql_type = Text)]
    pub stock: String,
    /// The same, as of the last minute in which they changed.
    #[diesel(sql_type = Text)]
    pub figures: String,
}

/// A single ticket that is taken, by another order than the stock says.
#[derive(Debug, Clone, QueryableByName)]
pub struct Holder {
    /// Of which ticket.
    #[diesel(sql_type = SqlUuid)]
    pub ticket_id: Uuid,
    /// By the stock.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub holder: Option<Uuid>,
    /// By the orders.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub order_id: Option<Uuid>,
}

/// An open order.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Open {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub release_at: DateTime<Utc>,
}

/// All tickets.
///
/// # Errors
/// When Postgres does not answer.
pub async fn tickets(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<Vec<Ticket>> {
    sql_query(format!(
        "SELECT ticket_id AS id, requested, capacity, v.held, v.sold, v.revenue, v.next_release_at, \
                closed, coalesce(o.held, 0)::bigint AS orders_held, \
                coalesce(o.sold, 0)::bigint AS orders_sold, \
                coalesce(o.revenue, 0)::bigint AS orders_revenue, \
                o.next_release_at AS orders_next_release_at, o.mispriced \
         FROM {s}.inventory v LEFT JOIN ( \
           SELECT i.ticket_id, \
                  sum(i.quantity) FILTER (WHERE o.status IN {OPEN}) AS held, \
                  sum(i.quantity) FILTER (WHERE o.status = 'complete') AS sold, \
                  sum(i.quantity * i.price) FILTER (WHERE o.status = 'complete') AS revenue, \
                  min(i.held_until) AS next_release_at, \
                  min(i.order_id::text) FILTER (WHERE o.currency <> p.currency OR i.price <> p.price) \
                    AS mispriced \
           FROM {s}.order_item i \
           JOIN {s}.orders o ON o.id = i.order_id \
           LEFT JOIN {s}.inventory p ON p.ticket_id = i.ticket_id AND p.ticket_version = i.ticket_version \
           GROUP BY i.ticket_id) o USING (ticket_id) \
         ORDER BY ticket_id"
    ))
    .get_results(connection)
    .await
}

/// Orders that are not in order.
///
/// # Errors
/// When Postgres does not answer.
pub async fn odd_orders(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<Vec<Order>> {
    sql_query(format!(
        "SELECT id, status, reason, total, release_at, items, items_total, held, first_held_until, \
                last_held_until \
         FROM {s}.orders JOIN ( \
           SELECT order_id AS id, count(*) AS items, sum(quantity * price)::bigint AS items_total, \
                  count(held_until) AS held, min(held_until) AS first_held_until, \
                  max(held_until) AS last_held_until \
           FROM {s}.order_item GROUP BY order_id) i USING (id) \
         WHERE total <> items_total OR (status = 'cancelled') <> (reason IS NOT NULL) \
            OR CASE WHEN status IN {OPEN} \
                    THEN held < items OR first_held_until <> release_at OR last_held_until <> release_at \
                    ELSE held > 0 END \
         ORDER BY id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Orders without items, and items without an order or a ticket.
///
/// # Errors
/// When Postgres does not answer.
pub async fn astray(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<Vec<Astray>> {
    sql_query(format!(
        "SELECT coalesce(o.id, i.order_id) AS id, \
                CASE WHEN i.order_id IS NULL THEN 'an order without items' \
                     ELSE 'items without an order' END AS what \
         FROM {s}.orders o FULL JOIN {s}.order_item i ON i.order_id = o.id \
         WHERE o.id IS NULL OR i.order_id IS NULL \
         UNION ALL \
         SELECT order_id, 'an item without a ticket' FROM {s}.order_item i \
         WHERE NOT EXISTS (SELECT FROM {s}.inventory v WHERE v.ticket_id = i.ticket_id) \
         LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Stocks whose last figures are others.
///
/// # Errors
/// When Postgres does not answer.
pub async fn odd_sales(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<Vec<Sale>> {
    sql_query(format!(
        "SELECT v.ticket_id, format('%s held, %s sold, %s', v.held, v.sold, v.revenue) AS stock, \
                CASE WHEN l.ticket_id IS NULL THEN 'nothing' \
                     ELSE format('%s held, %s sold, %s', l.held, l.sold, l.revenue) END AS figures \
         FROM {s}.inventory v LEFT JOIN LATERAL ( \
           SELECT * FROM {s}.sales l WHERE l.ticket_id = v.ticket_id ORDER BY minute DESC LIMIT 1) l \
           ON true \
         WHERE (v.held, v.sold, v.revenue) \
               <> (coalesce(l.held, 0), coalesce(l.sold, 0), coalesce(l.revenue, 0)) \
         ORDER BY v.ticket_id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// Single tickets that another order has than the stock says.
///
/// # Errors
/// When Postgres does not answer.
pub async fn odd_holders(
    connection: &mut AsyncPgConnection,
    s: &Schema,
) -> QueryResult<Vec<Holder>> {
    sql_query(format!(
        "SELECT v.ticket_id, v.holder, i.order_id FROM {s}.inventory v LEFT JOIN ( \
           {s}.order_item i JOIN {s}.orders o ON o.id = i.order_id AND o.status <> 'cancelled') \
           ON i.ticket_id = v.ticket_id \
         WHERE v.capacity = 1 AND v.held + v.sold = 1 AND v.holder IS DISTINCT FROM i.order_id \
         ORDER BY v.ticket_id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await
}

/// How many orders there are.
///
/// # Errors
/// When Postgres does not answer.
pub async fn count(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let counted: Count = sql_query(format!("SELECT count(*) AS count FROM {s}.orders"))
        .get_result(connection)
        .await?;
    Ok(counted.count)
}

/// All open orders, and what time it is.
///
/// # Errors
/// When Postgres does not answer.
pub async fn open(
    connection: &mut AsyncPgConnection,
    s: &Schema,
) -> QueryResult<(Vec<Open>, DateTime<Utc>)> {
    #[derive(QueryableByName)]
    struct Now {
        #[diesel(sql_type = Timestamptz)]
        now: DateTime<Utc>,
    }
    let open = sql_query(format!(
        "SELECT id, release_at FROM {s}.orders WHERE status IN {OPEN} ORDER BY id"
    ))
    .get_results(connection)
    .await?;
    let Now { now } = sql_query("SELECT clock_timestamp() AS now")
        .get_result(connection)
        .await?;
    Ok((open, now))
}

/// Those of `ids` that no order has.
///
/// # Errors
/// When Postgres does not answer.
pub async fn unknown(
    connection: &mut AsyncPgConnection,
    s: &Schema,
    ids: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let unknown: Vec<Id> = sql_query(format!(
        "SELECT id FROM unnest($1) AS scheduled (id) \
         WHERE NOT EXISTS (SELECT FROM {s}.orders o WHERE o.id = scheduled.id) ORDER BY id LIMIT {MOST}"
    ))
    .bind::<Array<SqlUuid>, _>(ids)
    .get_results(connection)
    .await?;
    Ok(unknown.into_iter().map(|row| row.id).collect())
}
