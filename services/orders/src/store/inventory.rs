//! What there is of each ticket.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::{
    QueryResult,
    result::Error,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    events::tickets::Ticket,
    ids::{OrderId, TicketId, UserId},
};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::{column, corrupt};
use crate::domain::{NextRelease, Stock};

/// The columns of [`OfferRow`], [`StockRow`] and [`Moment`], from locked rows. The outer query is
/// evaluated once its row is locked, and so is its clock.
macro_rules! selected {
    ($rows:literal) => {
        concat!(
            "SELECT ticket_id, ticket_version, title, price, currency, seller_id, requested, \
                    max_per_order, max_per_person, closed, \
                    version, held, sold, revenue, next_release_at, holder, \
                    clock_timestamp(), pg_current_xact_id()::text::bigint \
             FROM (SELECT * FROM inventory WHERE ticket_id = ANY({}) ORDER BY ticket_id ",
            $rows,
            ") AS locked"
        )
    };
}

type OfferRow = (
    Uuid,
    i64,
    String,
    i64,
    String,
    Uuid,
    i32,
    Option<i32>,
    Option<i32>,
    bool,
);
type OfferTypes = (
    SqlUuid,
    BigInt,
    Text,
    BigInt,
    Text,
    SqlUuid,
    Integer,
    Nullable<Integer>,
    Nullable<Integer>,
    Bool,
);
type StockRow = (i64, i32, i32, i64, Option<DateTime<Utc>>, Option<Uuid>);
type StockTypes = (
    BigInt,
    Integer,
    Integer,
    BigInt,
    Nullable<Timestamptz>,
    Nullable<SqlUuid>,
);
type Moment = (DateTime<Utc>, i64);
type MomentTypes = (Timestamptz, BigInt);

/// Rows that are locked, and when.
#[derive(Debug)]
pub struct Locked {
    /// The rows, by id. A ticket that is not among them is not known here.
    pub stocks: Vec<Stock>,
    /// The database's clock after the last of them was locked, in whole milliseconds.
    pub now: DateTime<Utc>,
    /// The transaction's id.
    pub transaction: i64,
}

/// Locks the rows, in the order of their ids: everybody does, so that nobody waits in a circle.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    tickets: &BTreeSet<TicketId>,
) -> QueryResult<Locked> {
    let ids = column(tickets, |id| id.0);
    let rows: Vec<(OfferRow, StockRow, Moment)> = prepared(selected!("FOR UPDATE"))
        .bind::<Array<SqlUuid>, _>(ids)
        .returning::<(OfferTypes, StockTypes, MomentTypes)>()
        .get_results(connection)
        .await?;
    gathered(connection, rows).await
}

/// The same without locks: what happens without them is for a test to see.
///
/// # Errors
/// When the database fails.
#[doc(hidden)]
pub async fn read(
    connection: &mut AsyncPgConnection,
    tickets: &BTreeSet<TicketId>,
) -> QueryResult<Locked> {
    let ids = column(tickets, |id| id.0);
    let rows: Vec<(OfferRow, StockRow, Moment)> = prepared(selected!(""))
        .bind::<Array<SqlUuid>, _>(ids)
        .returning::<(OfferTypes, StockTypes, MomentTypes)>()
        .get_results(connection)
        .await?;
    gathered(connection, rows).await
}

async fn gathered(
    connection: &mut AsyncPgConnection,
    rows: Vec<(OfferRow, StockRow, Moment)>,
) -> QueryResult<Locked> {
    let (now, transaction) = match rows.last() {
        Some((_, _, moment)) => *moment,
        None => {
            prepared("SELECT clock_timestamp(), pg_current_xact_id()::text::bigint")
                .returning::<MomentTypes>()
                .get_result(connection)
                .await?
        }
    };
    let stocks = rows
        .into_iter()
        .map(|(offer, stock, _)| parsed(offer, stock));
    Ok(Locked {
        stocks: stocks.collect::<QueryResult<_>>()?,
        now: now.trunc_subsecs(3),
        transaction,
    })
}

fn parsed(offer: OfferRow, stock: StockRow) -> QueryResult<Stock> {
    let (
        id,
        ticket_version,
        title,
        price,
        currency,
        seller,
        requested,
        per_order,
        per_person,
        closed,
    ) = offer;
    let (version, held, sold, revenue, next_release_at, holder) = stock;
    let currency = currency.parse();
    Ok(Stock {
        offer: Ticket {
            id: TicketId(id),
            version: ticket_version,
            title,
            price,
            currency: currency.map_err(|_| corrupt("the currency", id))?,
            user_id: UserId(seller),
            capacity: requested,
            max_per_order: per_order,
            max_per_person: per_person,
        },
        closed,
        version,
        held,
        sold,
        revenue,
        next_release: NextRelease::Known(next_release_at),
        holder: holder.map(OrderId),
    })
}

/// Makes rows for tickets that have none, at version 0: what is new is written with the rest. Returns
/// which.
///
/// # Errors
/// When the database fails.
pub async fn insert_missing(
    connection: &mut AsyncPgConnection,
    tickets: &[&Ticket],
) -> QueryResult<Vec<TicketId>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    // The newest of each, by id.
    let mut newest = tickets.to_vec();
    newest.sort_by_key(|ticket| (ticket.id, std::cmp::Reverse(ticket.version)));
    newest.dedup_by_key(|ticket| ticket.id);
    let tickets = || newest.iter().copied();
    let new: Vec<Uuid> = prepared(
        "INSERT INTO inventory (ticket_id, ticket_version, title, price, currency, seller_id, \
                                requested, max_per_order, max_per_person, capacity, \
                                version, held, sold, revenue) \
         SELECT t.*, t.requested, 0, 0, 0, 0 \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}, {}) \
           AS t (ticket_id, ticket_version, title, price, currency, seller_id, requested, \
                 max_per_order, max_per_person) \
         ON CONFLICT DO NOTHING RETURNING ticket_id",
    )
    .bind::<Array<SqlUuid>, _>(column(tickets(), |ticket| ticket.id.0))
    // Below its version, so that it is applied like any other, a withdrawal as well.
    .bind::<Array<BigInt>, _>(column(tickets(), |ticket| ticket.version - 1))
    .bind::<Array<Text>, _>(column(tickets(), |ticket| ticket.title.as_str()))
    .bind::<Array<BigInt>, _>(column(tickets(), |ticket| ticket.price))
    .bind::<Array<Text>, _>(column(tickets(), |ticket| ticket.currency.code()))
    .bind::<Array<SqlUuid>, _>(column(tickets(), |ticket| ticket.user_id.0))
    .bind::<Array<Integer>, _>(column(tickets(), |ticket| ticket.capacity))
    .bind::<Array<Nullable<Integer>>, _>(column(tickets(), |ticket| ticket.max_per_order))
    .bind::<Array<Nullable<Integer>>, _>(column(tickets(), |ticket| ticket.max_per_person))
    .returning::<SqlUuid>()
    .get_results(connection)
    .await?;
    Ok(new.into_iter().map(TicketId).collect())
}

/// Writes stocks that are locked; for those that are `offered`, the copy of what the seller says too.
///
/// # Errors
/// When the database fails or refuses.
pub async fn update(
    connection: &AsyncPgConnection,
    stocks: &[Stock],
    offered: &BTreeSet<TicketId>,
) -> QueryResult<()> {
    let (offered, others): (Vec<_>, Vec<_>) = stocks
        .iter()
        .partition(|stock| offered.contains(&stock.offer.id));
    if !offered.is_empty() {
        let written = update_offered(connection, &offered).await?;
        all_written(written, offered.len())?;
    }
    if !others.is_empty() {
        let written = update_stock(connection, &others).await?;
        all_written(written, others.len())?;
    }
    Ok(())
}

fn all_written(written: usize, expected: usize) -> QueryResult<()> {
    if written == expected {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

async fn update_stock(connection: &AsyncPgConnection, stocks: &[&Stock]) -> QueryResult<usize> {
    let stocks = || stocks.iter().copied();
    prepared(
        "UPDATE inventory AS i SET version = n.version, capacity = n.capacity, held = n.held, \
                sold = n.sold, revenue = n.revenue, next_release_at = n.next_release_at, \
                holder = n.holder, closed = n.closed \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}, {}) \
           AS n (ticket_id, version, capacity, held, sold, revenue, next_release_at, holder, closed) \
         WHERE i.ticket_id = n.ticket_id",
    )
    .bind::<Array<SqlUuid>, _>(column(stocks(), |stock| stock.offer.id.0))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.version))
    .bind::<Array<Integer>, _>(column(stocks(), Stock::capacity))
    .bind::<Array<Integer>, _>(column(stocks(), |stock| stock.held))
    .bind::<Array<Integer>, _>(column(stocks(), |stock| stock.sold))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.revenue))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(stocks(), next_release_at))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(stocks(), |stock| stock.holder.map(|id| id.0)))
    .bind::<Array<Bool>, _>(column(stocks(), |stock| stock.closed))
    .execute(&mut &*connection)
    .await
}

async fn update_offered(connection: &AsyncPgConnection, stocks: &[&Stock]) -> QueryResult<usize> {
    let stocks = || stocks.iter().copied();
    prepared(
        "UPDATE inventory AS i SET ticket_version = n.ticket_version, title = n.title, \
                price = n.price, currency = n.currency, requested = n.requested, \
                max_per_order = n.max_per_order, max_per_person = n.max_per_person, \
                closed = n.closed, version = n.version, capacity = n.capacity, held = n.held, \
                sold = n.sold, revenue = n.revenue, next_release_at = n.next_release_at, \
                holder = n.holder \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}) \
           AS n (ticket_id, ticket_version, title, price, currency, requested, max_per_order, \
                 max_per_person, closed, version, capacity, held, sold, revenue, next_release_at, \
                 holder) \
         WHERE i.ticket_id = n.ticket_id",
    )
    .bind::<Array<SqlUuid>, _>(column(stocks(), |stock| stock.offer.id.0))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.offer.version))
    .bind::<Array<Text>, _>(column(stocks(), |stock| stock.offer.title.as_str()))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.offer.price))
    .bind::<Array<Text>, _>(column(stocks(), |stock| stock.offer.currency.code()))
    .bind::<Array<Integer>, _>(column(stocks(), |stock| stock.offer.capacity))
    .bind::<Array<Nullable<Integer>>, _>(column(stocks(), |stock| stock.offer.max_per_order))
    .bind::<Array<Nullable<Integer>>, _>(column(stocks(), |stock| stock.offer.max_per_person))
    .bind::<Array<Bool>, _>(column(stocks(), |stock| stock.closed))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.version))
    .bind::<Array<Integer>, _>(column(stocks(), Stock::capacity))
    .bind::<Array<Integer>, _>(column(stocks(), |stock| stock.held))
    .bind::<Array<Integer>, _>(column(stocks(), |stock| stock.sold))
    .bind::<Array<BigInt>, _>(column(stocks(), |stock| stock.revenue))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(stocks(), next_release_at))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(stocks(), |stock| stock.holder.map(|id| id.0)))
    .execute(&mut &*connection)
    .await
}

fn next_release_at(stock: &Stock) -> Option<DateTime<Utc>> {
    match stock.next_release {
        NextRelease::Known(next) => next,
        NextRelease::Unknown => None,
    }
}
