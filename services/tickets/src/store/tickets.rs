//! Tickets, one by one.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::TicketId;
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::row::{Columns, columns};
use crate::domain::Ticket;

/// Adds a ticket that nobody has reported on yet.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(connection: &mut AsyncPgConnection, ticket: &Ticket) -> QueryResult<()> {
    let inserted = prepared(
        "INSERT INTO ticket (id, version, title, price, currency, user_id, capacity, max_per_order, \
                             max_per_person, created_at, updated_at) \
         VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
    )
    .bind::<SqlUuid, _>(ticket.id.0)
    .bind::<BigInt, _>(ticket.version)
    .bind::<Text, _>(&ticket.title)
    .bind::<BigInt, _>(ticket.price)
    .bind::<Text, _>(ticket.currency.code())
    .bind::<SqlUuid, _>(ticket.user_id.0)
    .bind::<Integer, _>(ticket.capacity)
    .bind::<Nullable<Integer>, _>(ticket.max_per_order)
    .bind::<Nullable<Integer>, _>(ticket.max_per_person)
    .bind::<Timestamptz, _>(ticket.created_at)
    .bind::<Timestamptz, _>(ticket.updated_at)
    .execute(connection)
    .await;
    inserted.map(drop)
}

/// Those of these ids that are there and not withdrawn.
///
/// # Errors
/// When the database does not answer.
pub async fn offered(
    connection: &mut AsyncPgConnection,
    ids: Vec<Uuid>,
) -> QueryResult<Vec<Ticket>> {
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM ticket WHERE id = ANY({}) AND NOT deleted"
    ))
    .bind::<Array<SqlUuid>, _>(ids)
    .returning::<Columns>()
    .get_results(connection)
    .await
}

/// One, withdrawn or not.
///
/// # Errors
/// When the database does not answer.
pub async fn find(connection: &mut AsyncPgConnection, id: TicketId) -> QueryResult<Option<Ticket>> {
    prepared(concat!("SELECT ", columns!(), " FROM ticket WHERE id = {}"))
        .bind::<SqlUuid, _>(id.0)
        .returning::<Columns>()
        .get_result(connection)
        .await
        .optional()
}

/// Replaces what the seller says by `edited`, if the ticket still is at the version before. Returns it
/// with the stock that it has by now.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(
    connection: &mut AsyncPgConnection,
    edited: &Ticket,
) -> QueryResult<Option<Ticket>> {
    prepared(concat!(
        "UPDATE ticket SET version = {}, title = {}, price = {}, capacity = {}, max_per_order = {}, \
                           max_per_person = {}, updated_at = {} \
         WHERE id = {} AND version = {} AND NOT deleted RETURNING ",
        columns!()
    ))
    .bind::<BigInt, _>(edited.version)
    .bind::<Text, _>(&edited.title)
    .bind::<BigInt, _>(edited.price)
    .bind::<Integer, _>(edited.capacity)
    .bind::<Nullable<Integer>, _>(edited.max_per_order)
    .bind::<Nullable<Integer>, _>(edited.max_per_person)
    .bind::<Timestamptz, _>(edited.updated_at)
    .bind::<SqlUuid, _>(edited.id.0)
    .bind::<BigInt, _>(edited.version - 1)
    .returning::<Columns>()
    .get_result(connection)
    .await
    .optional()
}

/// Withdraws a ticket at whatever version it is, and returns its tombstone; `None` when it was withdrawn
/// before.
///
/// # Errors
/// When the database does not answer.
pub async fn withdraw(
    connection: &mut AsyncPgConnection,
    id: TicketId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Ticket>> {
    prepared(concat!(
        "UPDATE ticket SET version = version + 1, deleted = true, updated_at = {} \
         WHERE id = {} AND NOT deleted RETURNING ",
        columns!()
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(id.0)
    .returning::<Columns>()
    .get_result(connection)
    .await
    .optional()
}

/// All after this one by id, withdrawn ones as well.
///
/// # Errors
/// When the database does not answer.
pub async fn all(
    connection: &mut AsyncPgConnection,
    after: Option<TicketId>,
    limit: i64,
) -> QueryResult<Vec<Ticket>> {
    let after = after.map_or(Uuid::nil(), |after| after.0);
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM ticket WHERE id > {} ORDER BY id LIMIT {}"
    ))
    .bind::<SqlUuid, _>(after)
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}
