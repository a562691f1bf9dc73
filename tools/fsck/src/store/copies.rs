//! Tickets and their stock, each in the schema that it belongs to and as the other has copied it.

use diesel::{
    QueryResult, QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::MOST;
use crate::config::Schemas;

/// A ticket that is not the same on both sides.
#[derive(Debug, Clone, QueryableByName)]
pub struct Pair {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// By tickets; `None`: there is no such ticket.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ticket_version: Option<i64>,
    /// Of orders' copy; `None`: there is none.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub copied_version: Option<i64>,
    /// It was withdrawn.
    #[diesel(sql_type = Bool)]
    pub deleted: bool,
    /// What is another in the copy of the ticket.
    #[diesel(sql_type = Text)]
    pub ticket_differs: String,
    /// By orders; `None`: there is no stock.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub stock_version: Option<i64>,
    /// Of tickets' copy.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub copied_stock_version: Option<i64>,
    /// What is another in the copy of the stock.
    #[diesel(sql_type = Text)]
    pub stock_differs: String,
}

/// Columns of tickets, and of orders' copy.
const TICKET: [(&str, &str); 8] = [
    ("title", "v.title"),
    ("price", "v.price"),
    ("currency", "v.currency"),
    ("user_id", "v.seller_id"),
    ("capacity", "v.requested"),
    ("max_per_order", "v.max_per_order"),
    ("max_per_person", "v.max_per_person"),
    // The seller may have been about to withdraw it when it was closed.
    ("deleted", "(v.closed AND t.deleted)"),
];

/// Columns of tickets' copy, and of the stock.
const STOCK: [(&str, &str); 6] = [
    ("stock_ticket_version", "v.ticket_version"),
    ("stock_capacity", "v.capacity"),
    ("held", "v.held"),
    ("sold", "v.sold"),
    ("next_release_at", "v.next_release_at"),
    (
        "order_id",
        "CASE WHEN v.capacity = 1 AND v.held + v.sold = 1 THEN v.holder END",
    ),
];

/// Names the columns that differ.
fn differing(columns: &[(&str, &str)]) -> String {
    let names: Vec<_> = columns
        .iter()
        .map(|(name, theirs)| {
            format!("CASE WHEN t.{name} IS DISTINCT FROM {theirs} THEN '{name}' END")
        })
        .collect();
    format!("concat_ws(', ', {})", names.join(", "))
}

/// How many tickets there are on either side, and those that are not the same on both.
///
/// # Errors
/// When Postgres does not answer.
pub async fn pairs(
    connection: &mut AsyncPgConnection,
    schemas: &Schemas,
) -> QueryResult<(usize, Vec<Pair>)> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let (tickets, orders) = (&schemas.tickets, &schemas.orders);
    let both = format!("{tickets}.ticket t FULL JOIN {orders}.inventory v ON v.ticket_id = t.id");
    let (ticket, stock) = (differing(&TICKET), differing(&STOCK));
    let odd = sql_query(format!(
        "SELECT * FROM ( \
           SELECT coalesce(t.id, v.ticket_id) AS id, \
                  t.version AS ticket_version, v.ticket_version AS copied_version, \
                  coalesce(t.deleted, false) AS deleted, {ticket} AS ticket_differs, \
                  v.version AS stock_version, t.stock_version AS copied_stock_version, \
                  {stock} AS stock_differs \
           FROM {both}) AS pair \
         WHERE ticket_version IS DISTINCT FROM copied_version \
            OR stock_version IS DISTINCT FROM copied_stock_version \
            OR ticket_differs <> '' OR stock_differs <> '' \
         ORDER BY id LIMIT {MOST}"
    ))
    .get_results(connection)
    .await?;
    let count: Count = sql_query(format!("SELECT count(*) AS count FROM {both}"))
        .get_result(connection)
        .await?;
    Ok((usize::try_from(count.count).unwrap_or_default(), odd))
}
