//! Orders, with their items.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    result::Error,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    order::CancelReason,
};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{
    column, corrupt,
    items::{self, Items},
};
use crate::domain::{Changed, Item, Order, Placed, Request, State};

/// The columns of [`Row`].
macro_rules! select_orders {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, user_id, status, reason, created_at, expires_at, release_at, \
                    total, currency, lease, payment_id, refund_due, late ",
            $rest
        )
    };
}
pub(super) use select_orders;

pub(super) type Row = (
    Uuid,
    i64,
    Uuid,
    String,
    Option<String>,
    DateTime<Utc>,
    DateTime<Utc>,
    DateTime<Utc>,
    i64,
    String,
    i64,
    Option<Uuid>,
    bool,
    bool,
);
pub(super) type RowTypes = (
    SqlUuid,
    BigInt,
    SqlUuid,
    Text,
    Nullable<Text>,
    Timestamptz,
    Timestamptz,
    Timestamptz,
    BigInt,
    Text,
    BigInt,
    Nullable<SqlUuid>,
    Bool,
    Bool,
);

/// Locks orders, in the order of their ids. Their tickets must be locked already, which are known from
/// their items: an order that was not there yet when those were read is left out.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    connection: &AsyncPgConnection,
    ids: &BTreeSet<OrderId>,
    items: Items,
) -> QueryResult<Vec<Order>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = prepared(select_orders!(
        "FROM orders WHERE id = ANY({}) ORDER BY id FOR UPDATE"
    ))
    .bind::<Array<SqlUuid>, _>(column(ids, |id| id.0))
    .returning::<RowTypes>()
    .get_results(&mut &*connection)
    .await?;
    joined(rows, items)
}

/// What was answered to requests with these keys.
///
/// # Errors
/// When the database fails.
pub async fn by_request(
    connection: &AsyncPgConnection,
    keys: &BTreeSet<(UserId, &str)>,
) -> QueryResult<Vec<(UserId, String, Request)>> {
    let known: Vec<(Uuid, String, Vec<u8>)> = prepared(
        "SELECT id, idempotency_key, request_hash FROM orders \
         WHERE (user_id, idempotency_key) IN (SELECT * FROM unnest({}, {}))",
    )
    .bind::<Array<SqlUuid>, _>(column(keys, |(user, _)| user.0))
    .bind::<Array<Text>, _>(column(keys, |(_, key)| *key))
    .returning::<(SqlUuid, Text, Binary)>()
    .get_results(&mut &*connection)
    .await?;
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = prepared(select_orders!("FROM orders WHERE id = ANY({})"))
        .bind::<Array<SqlUuid>, _>(column(&known, |(id, ..)| *id))
        .returning::<RowTypes>()
        .get_results(&mut &*connection)
        .await?;
    let orders = with_items(connection, rows).await?;
    let mut orders: HashMap<_, _> = orders
        .into_iter()
        .map(|order| (order.id.0, order))
        .collect();
    let answered = known.into_iter().filter_map(|(id, key, hash)| {
        let order = orders.remove(&id)?;
        let hash = hash
            .try_into()
            .map_err(|_| corrupt("the request's hash", id));
        Some(hash.map(|hash| {
            let user = order.user_id;
            let order = Arc::new(order);
            (user, key, Request { hash, order })
        }))
    });
    answered.collect()
}

/// Rows and what belongs to them.
pub(super) async fn with_items(
    connection: &AsyncPgConnection,
    rows: Vec<Row>,
) -> QueryResult<Vec<Order>> {
    let ids = rows.iter().map(|row| OrderId(row.0));
    let items = items::of_orders(connection, ids).await?;
    joined(rows, items)
}

/// Rows with their items. There is no order without any.
pub(super) fn joined(rows: Vec<Row>, mut items: Items) -> QueryResult<Vec<Order>> {
    let order = |row: Row| {
        let items = items.remove(&OrderId(row.0))?;
        Some(parsed(row, items))
    };
    rows.into_iter().filter_map(order).collect()
}

fn parsed(row: Row, items: Vec<Item>) -> QueryResult<Order> {
    let (id, version, user, status, reason, created_at, expires_at, release_at, total, ..) = row;
    let (.., currency, lease, payment, refund_due, late) = row;
    Ok(Order {
        id: OrderId(id),
        version,
        user_id: UserId(user),
        state: state(&status, reason.as_deref()).ok_or_else(|| corrupt("the status", id))?,
        created_at,
        expires_at,
        release_at,
        total,
        currency: currency.parse().map_err(|_| corrupt("the currency", id))?,
        lease,
        payment_id: payment.map(PaymentId),
        refund_due,
        late,
        items,
    })
}

fn state(status: &str, reason: Option<&str>) -> Option<State> {
    match (status, reason) {
        ("created", None) => Some(State::Created),
        ("awaiting:payment", None) => Some(State::AwaitingPayment),
        ("complete", None) => Some(State::Complete),
        ("cancelled", Some("buyer")) => Some(State::Cancelled(CancelReason::Buyer)),
        ("cancelled", Some("expired")) => Some(State::Cancelled(CancelReason::Expired)),
        _ => None,
    }
}

fn status(state: State) -> &'static str {
    match state {
        State::Created => "created",
        State::AwaitingPayment => "awaiting:payment",
        State::Complete => "complete",
        State::Cancelled(_) => "cancelled",
    }
}

fn reason(state: State) -> Option<&'static str> {
    state.reason().map(|reason| match reason {
        CancelReason::Buyer => "buyer",
        CancelReason::Expired => "expired",
    })
}

/// Adds orders, without their items.
///
/// # Errors
/// When the database fails or refuses: another order has the request's key, say.
pub async fn insert(connection: &AsyncPgConnection, placed: &[Placed]) -> QueryResult<()> {
    if placed.is_empty() {
        return Ok(());
    }
    let orders = || placed.iter().map(|placed| &*placed.order);
    let requests = || placed.iter().map(|placed| &placed.request);
    prepared(
        "INSERT INTO orders (id, version, user_id, status, created_at, expires_at, release_at, \
                             total, currency, idempotency_key, request_hash) \
         SELECT n.id, 1, n.user_id, 'created', n.created_at, n.expires_at, n.expires_at, n.total, \
                n.currency, n.idempotency_key, n.request_hash \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}) \
           AS n (id, user_id, created_at, expires_at, total, currency, idempotency_key, request_hash)",
    )
    .bind::<Array<SqlUuid>, _>(column(orders(), |order| order.id.0))
    .bind::<Array<SqlUuid>, _>(column(orders(), |order| order.user_id.0))
    .bind::<Array<Timestamptz>, _>(column(orders(), |order| order.created_at))
    .bind::<Array<Timestamptz>, _>(column(orders(), |order| order.expires_at))
    .bind::<Array<BigInt>, _>(column(orders(), |order| order.total))
    .bind::<Array<Text>, _>(column(orders(), |order| order.currency.code()))
    .bind::<Array<Nullable<Text>>, _>(column(requests(), |request| {
        request.as_ref().map(|(key, _)| key.as_str())
    }))
    .bind::<Array<Nullable<Binary>>, _>(column(requests(), |request| {
        request.as_ref().map(|(_, hash)| hash.as_slice())
    }))
    .execute(&mut &*connection)
    .await
    .map(drop)
}

/// Writes orders that are locked and as they were when they were locked.
///
/// # Errors
/// When the database fails, or one of them is another by now.
pub async fn update(connection: &AsyncPgConnection, changed: &[Changed]) -> QueryResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let orders = || changed.iter().map(|changed| &changed.order);
    let written = prepared(
        "UPDATE orders AS o SET version = n.version, status = n.status, reason = n.reason, \
                release_at = n.release_at, lease = n.lease, payment_id = n.payment_id, \
                refund_due = n.refund_due, late = n.late \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}, {}, {}) \
           AS n (id, from_version, version, status, reason, release_at, lease, payment_id, \
                 refund_due, late) \
         WHERE o.id = n.id AND o.version = n.from_version",
    )
    .bind::<Array<SqlUuid>, _>(column(orders(), |order| order.id.0))
    .bind::<Array<BigInt>, _>(column(changed, |changed| changed.from_version))
    .bind::<Array<BigInt>, _>(column(orders(), |order| order.version))
    .bind::<Array<Text>, _>(column(orders(), |order| status(order.state)))
    .bind::<Array<Nullable<Text>>, _>(column(orders(), |order| reason(order.state)))
    .bind::<Array<Timestamptz>, _>(column(orders(), |order| order.release_at))
    .bind::<Array<BigInt>, _>(column(orders(), |order| order.lease))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(orders(), |order| order.payment_id.map(|id| id.0)))
    .bind::<Array<Bool>, _>(column(orders(), |order| order.refund_due))
    .bind::<Array<Bool>, _>(column(orders(), |order| order.late))
    .execute(&mut &*connection)
    .await?;
    if written == changed.len() {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
