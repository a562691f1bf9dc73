//! The copy of orders' stock.

use diesel::{
    QueryResult,
    sql_types::{Array, BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::events::orders::Inventory;
use ticketing_postgres::prepared;

/// Applies reports that are newer than what is there, by one statement however many they are; of each
/// ticket there may be one. Those of tickets that are not here are left out.
///
/// # Errors
/// When the database does not answer, or refuses what is reported.
pub async fn apply(
    connection: &mut AsyncPgConnection,
    reports: &[&Inventory],
) -> QueryResult<usize> {
    fn column<'a, T>(reports: &[&'a Inventory], of: impl Fn(&'a Inventory) -> T) -> Vec<T> {
        reports.iter().map(|report| of(report)).collect()
    }
    // Locked in their order first, so that two instances with the same tickets don't wait for each other.
    prepared(
        "WITH report AS MATERIALIZED ( \
           SELECT * FROM unnest({}, {}, {}, {}, {}, {}, {}, {}) \
             AS report (id, version, ticket_version, capacity, held, sold, next_release_at, order_id)), \
         locked AS MATERIALIZED ( \
           SELECT id FROM ticket WHERE id IN (SELECT id FROM report) ORDER BY id FOR NO KEY UPDATE) \
         UPDATE ticket SET stock_version = report.version, stock_ticket_version = report.ticket_version, \
                           stock_capacity = report.capacity, held = report.held, sold = report.sold, \
                           next_release_at = report.next_release_at, order_id = report.order_id \
         FROM report JOIN locked USING (id) \
         WHERE ticket.id = report.id AND ticket.stock_version < report.version",
    )
    .bind::<Array<SqlUuid>, _>(column(reports, |r| r.ticket_id.0))
    .bind::<Array<BigInt>, _>(column(reports, |r| r.version))
    .bind::<Array<BigInt>, _>(column(reports, |r| r.ticket_version))
    .bind::<Array<Integer>, _>(column(reports, |r| r.capacity))
    .bind::<Array<Integer>, _>(column(reports, |r| r.held))
    .bind::<Array<Integer>, _>(column(reports, |r| r.sold))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(reports, |r| r.next_release_at))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(reports, |r| r.order_id.map(|id| id.0)))
    .execute(connection)
    .await
}
