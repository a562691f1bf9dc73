//! Orders that are over unpaid.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    sql_types::{Array, Bool, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::OrderId;
use ticketing_postgres::prepared;

/// Notes orders that are over.
///
/// # Errors
/// When the database fails.
pub async fn note(
    connection: &mut AsyncPgConnection,
    orders: &[OrderId],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let mut ids: Vec<_> = orders.iter().map(|order| order.0).collect();
    ids.sort_unstable();
    prepared("INSERT INTO ended (order_id, ended_at) SELECT unnest({}), {} ON CONFLICT DO NOTHING")
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Whether an order is over.
///
/// # Errors
/// When the database fails.
pub async fn is(connection: &mut AsyncPgConnection, order: OrderId) -> QueryResult<bool> {
    prepared("SELECT EXISTS (SELECT FROM ended WHERE order_id = {})")
        .bind::<SqlUuid, _>(order.0)
        .returning::<Bool>()
        .get_result(connection)
        .await
}
