//! The schema of orders. Set-wise: all orders are read by two queries, once each.

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
    /// There is such a ticket; else only items of it, and nothing is in stock.
    #[diesel(sql_type = Bool)]
    pub known: bool,
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
    /// Who took it last.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub holder: Option<Uuid>,
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
    /// An order whose price or currency is not that of the version that it ordered, which is the present
    /// one.
    #[diesel(sql_type = Nullable<Text>)]
    pub mispriced: Option<String>,
    /// An order whose item is held until another time than its release, or though it is over.
    #[diesel(sql_type = Nullable<Text>)]
    pub oddly_held: Option<String>,
    /// The order of an item, which there is not.
    #[diesel(sql_type = Nullable<Text>)]
    pub missing: Option<String>,
    /// When there is one of the ticket only: an order that has it.
    #[diesel(sql_type = Nullable<Text>)]
    pub taker: Option<String>,
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
    /// What its items cost; `None`: it has none.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub items_total: Option<i64>,
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

/// An open order.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns of the table")]
pub struct Open {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub release_at: DateTime<Utc>,
}

/// All tickets, and those of which there are items alone.
///
/// # Errors
/// When Postgres does not answer.
pub async fn tickets(connection: &mut AsyncPgConnection, s: &Schema) -> QueryResult<Vec<Ticket>> {
    sql_query(format!(
        "SELECT ticket_id AS id, v.capacity IS NOT NULL AS known, coalesce(requested, 0) AS requested, \
                coalesce(capacity, 0) AS capacity, coalesce(v.held, 0) AS held, \
                coalesce(v.sold, 0) AS sold, coalesce(v.revenue, 0) AS revenue, v.next_release_at, \
                coalesce(closed, false) AS closed, holder, coalesce(o.held, 0)::bigint AS orders_held, \
                coalesce(o.sold, 0)::bigint AS orders_sold, \
                coalesce(o.revenue, 0)::bigint AS orders_revenue, \
                o.next_release_at AS orders_next_release_at, mispriced, oddly_held, missing, taker \
         FROM {s}.inventory v FULL JOIN ( \
           SELECT i.ticket_id, \
                  sum(i.quantity) FILTER (WHERE o.status IN {OPEN}) AS held, \
                  sum(i.quantity) FILTER (WHERE o.status = 'complete') AS sold, \
                  sum(i.quantity * i.price) FILTER (WHERE o.status = 'complete') AS revenue, \
                  min(i.held_until) AS next_release_at, \
                  min(i.order_id::text) FILTER (WHERE p.ticket_version = i.ticket_version \
                    AND (o.currency <> p.currency OR i.price <> p.price)) AS mispriced, \
                  min(i.order_id::text) FILTER (WHERE o.id IS NOT NULL AND i.held_until IS DISTINCT FROM \
                    CASE WHEN o.status IN {OPEN} THEN o.release_at END) AS oddly_held, \
                  min(i.order_id::text) FILTER (WHERE o.id IS NULL) AS missing, \
                  min(i.order_id::text) FILTER (WHERE p.capacity = 1 AND o.status <> 'cancelled') \
                    AS taker \
           FROM {s}.order_item i \
           LEFT JOIN {s}.orders o ON o.id = i.order_id \
           LEFT JOIN {s}.inventory p ON p.ticket_id = i.ticket_id \
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
    // Most orders have one item, for which no sum is made.
    sql_query(format!(
        "SELECT id, status, reason, total, items_total FROM {s}.orders LEFT JOIN ( \
           SELECT order_id AS id, \
                  CASE WHEN min(position) = max(position) THEN min(quantity * price) \
                       ELSE sum(quantity * price)::bigint END AS items_total \
           FROM {s}.order_item GROUP BY order_id) i USING (id) \
         WHERE total IS DISTINCT FROM items_total \
            OR (status = 'cancelled') <> (reason IS NOT NULL) \
         ORDER BY id LIMIT {MOST}"
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
