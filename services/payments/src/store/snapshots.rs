//! Payments to be published once more.

use diesel::{
    QueryResult,
    sql_types::{BigInt, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::row::{Columns, select_payments};
use crate::domain::Payment;

/// The payments of which something was told, after `after` by id.
///
/// # Errors
/// When the database fails.
pub async fn page(
    connection: &mut AsyncPgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Payment>> {
    prepared(select_payments!(
        "WHERE p.id > {} AND p.version > 0 ORDER BY p.id LIMIT {}"
    ))
    .bind::<SqlUuid, _>(after.unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}
