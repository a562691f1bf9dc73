//! What is read without locks: for people, for other services, and to be published once more.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    events::orders::Inventory,
    ids::{OrderId, TicketId, UserId},
    order::OrderStatus,
};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{
    items,
    orders::{Row, RowTypes, joined, select_orders, with_items},
    payments,
};
use crate::domain::{Order, Payment};

/// An order, and what was heard of its payment. All in one round trip: buyers look often while they pay.
///
/// # Errors
/// When the database fails.
pub async fn find(
    connection: &AsyncPgConnection,
    id: OrderId,
) -> QueryResult<Option<(Order, Option<Payment>)>> {
    let (rows, items, mut payments) = futures::try_join!(
        row(connection, id),
        items::of_orders(connection, [id]),
        payments::of_orders(connection, [id]),
    )?;
    let order = joined(rows, items)?.pop();
    Ok(order.map(|order| (order, payments.remove(&id))))
}

async fn row(connection: &AsyncPgConnection, id: OrderId) -> QueryResult<Vec<Row>> {
    prepared(select_orders!("FROM orders WHERE id = {}"))
        .bind::<SqlUuid, _>(id.0)
        .returning::<RowTypes>()
        .get_results(&mut &*connection)
        .await
}

/// A buyer's orders, newest first: at most `limit` of those before `before`.
///
/// # Errors
/// When the database fails.
pub async fn of_buyer(
    connection: &mut AsyncPgConnection,
    user: UserId,
    status: Option<OrderStatus>,
    before: Option<OrderId>,
    limit: u16,
) -> QueryResult<Vec<Order>> {
    // Bounds rather than conditions that may be absent: the index finds where to begin.
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows: Vec<Row> = prepared(select_orders!(
        "FROM orders WHERE user_id = {} AND id < {} AND status = coalesce({}, status) \
         ORDER BY id DESC LIMIT {}"
    ))
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(before)
    .bind::<Nullable<Text>, _>(status.map(text))
    .bind::<BigInt, _>(i64::from(limit))
    .returning::<RowTypes>()
    .get_results(connection)
    .await?;
    with_items(connection, rows).await
}

fn text(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Created => "created",
        OrderStatus::AwaitingPayment => "awaiting:payment",
        OrderStatus::Complete => "complete",
        OrderStatus::Cancelled => "cancelled",
    }
}

/// Orders that hold their tickets, after `after` by id.
///
/// # Errors
/// When the database fails.
pub async fn open(
    connection: &mut AsyncPgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Order>> {
    let rows: Vec<Row> = prepared(select_orders!(
        "FROM orders WHERE status IN ('created', 'awaiting:payment') AND id > {} \
         ORDER BY id LIMIT {}"
    ))
    .bind::<SqlUuid, _>(after.unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .returning::<RowTypes>()
    .get_results(connection)
    .await?;
    with_items(connection, rows).await
}

/// The columns of [`InventoryRow`], as `Stock::snapshot` has them.
macro_rules! select_inventories {
    ($rest:literal) => {
        concat!(
            "SELECT ticket_id, version, ticket_version, capacity, held, sold, next_release_at, \
                    CASE WHEN capacity = 1 AND held + sold = 1 THEN holder END FROM inventory ",
            $rest
        )
    };
}

type InventoryRow = (
    Uuid,
    i64,
    i64,
    i32,
    i32,
    i32,
    Option<DateTime<Utc>>,
    Option<Uuid>,
);
type InventoryTypes = (
    SqlUuid,
    BigInt,
    BigInt,
    Integer,
    Integer,
    Integer,
    Nullable<Timestamptz>,
    Nullable<SqlUuid>,
);

/// What there is of a ticket.
///
/// # Errors
/// When the database fails.
pub async fn inventory(
    connection: &mut AsyncPgConnection,
    ticket: TicketId,
) -> QueryResult<Option<Inventory>> {
    let row: Option<InventoryRow> = prepared(select_inventories!("WHERE ticket_id = {}"))
        .bind::<SqlUuid, _>(ticket.0)
        .returning::<InventoryTypes>()
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(snapshot))
}

/// What there is of the tickets after `after` by id.
///
/// # Errors
/// When the database fails.
pub async fn inventories(
    connection: &mut AsyncPgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Inventory>> {
    let rows: Vec<InventoryRow> = prepared(select_inventories!(
        "WHERE ticket_id > {} ORDER BY ticket_id LIMIT {}"
    ))
    .bind::<SqlUuid, _>(after.unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .returning::<InventoryTypes>()
    .get_results(connection)
    .await?;
    Ok(rows.into_iter().map(snapshot).collect())
}

fn snapshot(row: InventoryRow) -> Inventory {
    let (ticket, version, ticket_version, capacity, held, sold, next_release_at, holder) = row;
    Inventory {
        ticket_id: TicketId(ticket),
        version,
        ticket_version,
        capacity,
        held,
        sold,
        next_release_at,
        order_id: holder.map(OrderId),
    }
}
