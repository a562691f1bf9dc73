//! What orders consist of, and until when it is held.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::{OrderId, TicketId, UserId};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::column;
use crate::domain::{Changed, Item, Placed};

/// What orders consist of.
pub type Items = HashMap<OrderId, Vec<Item>>;

/// The items of these orders, in their order. They never change, so that no lock is needed to read them.
///
/// # Errors
/// When the database fails.
pub async fn of_orders(
    connection: &AsyncPgConnection,
    orders: impl IntoIterator<Item = OrderId>,
) -> QueryResult<Items> {
    let orders: Vec<_> = orders.into_iter().map(|id| id.0).collect();
    if orders.is_empty() {
        return Ok(Items::new());
    }
    let rows: Vec<(Uuid, Uuid, i64, String, i64, i32)> = prepared(
        "SELECT order_id, ticket_id, ticket_version, title, price, quantity FROM order_item \
         WHERE order_id = ANY({}) ORDER BY order_id, position",
    )
    .bind::<Array<SqlUuid>, _>(orders)
    .returning::<(SqlUuid, SqlUuid, BigInt, Text, BigInt, Integer)>()
    .get_results(&mut &*connection)
    .await?;
    let mut items = Items::new();
    for (order_id, ticket_id, ticket_version, title, price, quantity) in rows {
        items.entry(OrderId(order_id)).or_default().push(Item {
            ticket_id: TicketId(ticket_id),
            ticket_version,
            title,
            price,
            quantity,
        });
    }
    Ok(items)
}

/// How many persons have of tickets, in orders that are not cancelled.
///
/// # Errors
/// When the database fails.
pub async fn owned(
    connection: &mut AsyncPgConnection,
    pairs: &BTreeSet<(UserId, TicketId)>,
) -> QueryResult<Vec<(UserId, TicketId, i64)>> {
    let rows: Vec<(Uuid, Uuid, i64)> = prepared(
        "SELECT p.user_id, p.ticket_id, sum(i.quantity) \
         FROM unnest({}, {}) AS p (user_id, ticket_id) \
         JOIN orders AS o ON o.user_id = p.user_id AND o.status <> 'cancelled' \
         JOIN order_item AS i ON i.order_id = o.id AND i.ticket_id = p.ticket_id \
         GROUP BY p.user_id, p.ticket_id",
    )
    .bind::<Array<SqlUuid>, _>(column(pairs, |(user, _)| user.0))
    .bind::<Array<SqlUuid>, _>(column(pairs, |(_, ticket)| ticket.0))
    .returning::<(SqlUuid, SqlUuid, BigInt)>()
    .get_results(connection)
    .await?;
    let owned = |(user, ticket, count)| (UserId(user), TicketId(ticket), count);
    let mut counts: HashMap<_, _> = pairs.iter().map(|pair| (*pair, 0)).collect();
    for (user, ticket, count) in rows.into_iter().map(owned) {
        counts.insert((user, ticket), count);
    }
    let counts = counts.into_iter();
    Ok(counts
        .map(|((user, ticket), count)| (user, ticket, count))
        .collect())
}

/// Orders that hold some of these tickets and whose time is over, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn overdue(
    connection: &mut AsyncPgConnection,
    tickets: &BTreeSet<TicketId>,
    now: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<OrderId>> {
    let ids: Vec<Uuid> = prepared(
        "SELECT order_id FROM order_item WHERE ticket_id = ANY({}) AND held_until <= {} \
         GROUP BY order_id ORDER BY min(held_until) LIMIT {}",
    )
    .bind::<Array<SqlUuid>, _>(column(tickets, |id| id.0))
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(most)
    .returning::<SqlUuid>()
    .get_results(connection)
    .await?;
    Ok(ids.into_iter().map(OrderId).collect())
}

/// When the next hold of each ticket ends. Those without holds are not among them.
///
/// # Errors
/// When the database fails.
pub async fn next_release(
    connection: &mut AsyncPgConnection,
    tickets: &BTreeSet<TicketId>,
) -> QueryResult<HashMap<TicketId, DateTime<Utc>>> {
    let rows: Vec<(Uuid, DateTime<Utc>)> = prepared(
        "SELECT t.id, next.held_until FROM unnest({}) AS t (id), \
         LATERAL (SELECT held_until FROM order_item \
                  WHERE ticket_id = t.id AND held_until IS NOT NULL \
                  ORDER BY held_until LIMIT 1) AS next",
    )
    .bind::<Array<SqlUuid>, _>(column(tickets, |id| id.0))
    .returning::<(SqlUuid, Timestamptz)>()
    .get_results(connection)
    .await?;
    let next = |(id, held_until)| (TicketId(id), held_until);
    Ok(rows.into_iter().map(next).collect())
}

/// Adds the items of new orders.
///
/// # Errors
/// When the database fails or refuses.
pub async fn insert(connection: &AsyncPgConnection, placed: &[Placed]) -> QueryResult<()> {
    if placed.is_empty() {
        return Ok(());
    }
    let rows = placed.iter().flat_map(|placed| {
        let order = &*placed.order;
        (0i16..)
            .zip(&order.items)
            .map(move |(position, item)| (order, position, item))
    });
    let rows: Vec<_> = rows.collect();
    prepared(
        "INSERT INTO order_item (order_id, position, ticket_id, ticket_version, title, price, \
                                 quantity, held_until) \
         SELECT * FROM unnest({}, {}, {}, {}, {}, {}, {}, {})",
    )
    .bind::<Array<SqlUuid>, _>(column(&rows, |(order, ..)| order.id.0))
    .bind::<Array<SmallInt>, _>(column(&rows, |(_, position, _)| *position))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(.., item)| item.ticket_id.0))
    .bind::<Array<BigInt>, _>(column(&rows, |(.., item)| item.ticket_version))
    .bind::<Array<Text>, _>(column(&rows, |(.., item)| item.title.as_str()))
    .bind::<Array<BigInt>, _>(column(&rows, |(.., item)| item.price))
    .bind::<Array<Integer>, _>(column(&rows, |(.., item)| item.quantity))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |(order, ..)| order.held_until()))
    .execute(&mut &*connection)
    .await
    .map(drop)
}

/// Writes until when the items of changed orders are held.
///
/// # Errors
/// When the database fails.
pub async fn update(connection: &AsyncPgConnection, changed: &[Changed]) -> QueryResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let orders = || changed.iter().map(|changed| &changed.order);
    prepared(
        "UPDATE order_item AS i SET held_until = n.held_until \
         FROM unnest({}, {}) AS n (order_id, held_until) \
         WHERE i.order_id = n.order_id AND i.held_until IS DISTINCT FROM n.held_until",
    )
    .bind::<Array<SqlUuid>, _>(column(orders(), |order| order.id.0))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(orders(), |order| order.held_until()))
    .execute(&mut &*connection)
    .await
    .map(drop)
}
