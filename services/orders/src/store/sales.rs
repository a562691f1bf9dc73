//! How tickets stood at the end of each minute.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::{
    QueryResult,
    sql_types::{Array, BigInt, Integer, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_postgres::prepared;

use super::column;
use crate::domain::Stock;

/// Notes how these stocks stand, in the row of the minute.
///
/// # Errors
/// When the database fails.
pub async fn record(
    connection: &AsyncPgConnection,
    now: DateTime<Utc>,
    stocks: &[Stock],
) -> QueryResult<()> {
    if stocks.is_empty() {
        return Ok(());
    }
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    prepared(
        "INSERT INTO sales (ticket_id, minute, held, sold, revenue) \
         SELECT n.ticket_id, {}, n.held, n.sold, n.revenue \
         FROM unnest({}, {}, {}, {}) AS n (ticket_id, held, sold, revenue) \
         ON CONFLICT (ticket_id, minute) DO UPDATE \
         SET held = excluded.held, sold = excluded.sold, revenue = excluded.revenue",
    )
    .bind::<Timestamptz, _>(minute)
    .bind::<Array<SqlUuid>, _>(column(stocks, |stock| stock.offer.id.0))
    .bind::<Array<Integer>, _>(column(stocks, |stock| stock.held))
    .bind::<Array<Integer>, _>(column(stocks, |stock| stock.sold))
    .bind::<Array<BigInt>, _>(column(stocks, |stock| stock.revenue))
    .execute(&mut &*connection)
    .await
    .map(drop)
}
