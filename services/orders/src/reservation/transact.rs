//! What every change of stock does within its transaction, and in which order.
//!
//! 1. Rows for tickets that are heard of for the first time.
//! 2. The inventory rows, locked by id, in a statement of their own.
//! 3. The orders, locked by id.
//! 4. Reads that decide: what a key was answered, how many a person has.
//! 5. The decision, without I/O.
//! 6. Orders, their items, then stock, sales and events, each written by one statement for all.
//!
//! Statements that do not need each other are sent together, and answered in one round trip.
//!
//! The isolation is READ COMMITTED: what is read after the locks were taken is what the last holder of
//! the locks has left.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_contracts::{
    events::orders::OrderEvent,
    ids::{OrderId, TicketId, UserId},
};
use ticketing_messaging::{Envelope, outbox};
use ticketing_runtime::telemetry::trace::TraceContext;

use super::{Answers, Asked, Locking, Manner};
use crate::{
    domain::{Book, Changes, Command, NextRelease},
    store::{commit_status::Proof, inventory, items, orders, sales},
};

/// What was decided and is not written yet.
pub(super) struct Draft {
    pub answers: Answers,
    pub changes: Changes,
    /// Tickets that were refused while holds of them may be over.
    pub overdue: BTreeSet<TicketId>,
    /// The transaction's id, to ask what became of it.
    pub transaction: i64,
    now: DateTime<Utc>,
    /// Of each of the changes' events.
    traces: Vec<Option<TraceContext>>,
    /// What the sellers have said.
    offered: BTreeSet<TicketId>,
}

/// What is to be answered once it is committed.
pub(super) struct Written {
    pub answers: Answers,
    /// What is there then. Every change is told, so that there is some.
    pub proof: Option<Proof>,
}

/// Decides and writes, within the caller's transaction: for listeners, whose inbox is in it. Nothing
/// that they ask for can be short of stock.
///
/// # Errors
/// When the database fails; the transaction is to be rolled back then.
pub async fn apply(
    connection: &mut AsyncPgConnection,
    manner: Manner,
    commands: &[Asked],
) -> QueryResult<Answers> {
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let commands: Vec<_> = commands.iter().collect();
    let draft = decide(connection, manner, &commands).await?;
    Ok(write(connection, draft).await?.answers)
}

/// Steps 1 to 5.
pub(super) async fn decide(
    connection: &mut AsyncPgConnection,
    manner: Manner,
    asked: &[&Asked],
) -> QueryResult<Draft> {
    let commands: Vec<_> = asked.iter().map(|asked| &asked.command).collect();
    let order_ids: BTreeSet<_> = commands
        .iter()
        .filter_map(|command| command.order())
        .collect();
    let mut ticket_ids: BTreeSet<_> = commands
        .iter()
        .flat_map(|command| command.tickets())
        .collect();
    let items = items::of_orders(connection, order_ids.iter().copied()).await?;
    ticket_ids.extend(items.values().flatten().map(|item| item.ticket_id));
    let offered = commands.iter().filter_map(|command| command.offered());
    let offered: Vec<_> = offered.collect();
    let new = inventory::insert_missing(connection, &offered).await?;

    let locked = match manner.locking {
        Locking::Locked => inventory::lock(connection, &ticket_ids).await?,
        Locking::Unlocked => inventory::read(connection, &ticket_ids).await?,
    };
    let keys = keys(&commands);
    let (locked_orders, answered) = futures::try_join!(
        orders::lock(connection, &order_ids, items),
        orders::by_request(connection, &keys),
    )?;

    let mut book = Book::new(locked.now, manner.rules, locked.stocks, locked_orders);
    for ticket in new {
        book.is_new(ticket);
    }
    for (user, key, request) in answered {
        book.answered(user, key, request);
    }
    let capped = book.capped(&commands);
    if !capped.is_empty() {
        for (user, ticket, count) in items::owned(connection, &capped).await? {
            book.owns(user, ticket, count);
        }
    }

    let mut answers = Vec::with_capacity(asked.len());
    let mut traces = Vec::with_capacity(asked.len());
    for one in asked {
        answers.push(book.decide(&one.command));
        traces.resize(book.events(), one.trace);
    }
    Ok(Draft {
        answers,
        overdue: book.overdue().clone(),
        changes: book.finish(),
        transaction: locked.transaction,
        now: locked.now,
        traces,
        offered: offered.iter().map(|ticket| ticket.id).collect(),
    })
}

/// Under which keys it is asked.
fn keys<'a>(commands: &[&'a Command]) -> BTreeSet<(UserId, &'a str)> {
    let key = |command: &&'a Command| match command {
        Command::Hold(hold) => Some((hold.user_id, hold.request.as_ref()?.0.as_str())),
        _ => None,
    };
    commands.iter().filter_map(key).collect()
}

/// Orders that hold what the draft was short of and whose time is over, the oldest first.
pub(super) async fn overdue(
    connection: &mut AsyncPgConnection,
    draft: &Draft,
    most: i64,
) -> QueryResult<Vec<OrderId>> {
    items::overdue(connection, &draft.overdue, draft.now, most).await
}

/// Step 6.
pub(super) async fn write(
    connection: &mut AsyncPgConnection,
    draft: Draft,
) -> QueryResult<Written> {
    let Draft {
        answers,
        mut changes,
        now,
        mut traces,
        offered,
        ..
    } = draft;
    futures::try_join!(
        orders::insert(connection, &changes.placed),
        orders::update(connection, &changes.changed),
    )?;
    futures::try_join!(
        items::insert(connection, &changes.placed),
        items::update(connection, &changes.changed),
    )?;
    // After the items are written: they tell when the next hold ends.
    let unknown = changes.stocks.iter_mut();
    let mut unknown: Vec<_> = unknown
        .filter(|stock| stock.next_release == NextRelease::Unknown)
        .collect();
    if !unknown.is_empty() {
        let ids = unknown.iter().map(|stock| stock.offer.id).collect();
        let mut next = items::next_release(connection, &ids).await?;
        for stock in &mut unknown {
            stock.next_release = NextRelease::Known(next.remove(&stock.offer.id));
        }
    }
    let stocks = changes.stocks.iter();
    let stocks = stocks.map(|stock| OrderEvent::InventoryUpdated(stock.snapshot()));
    let mut events = std::mem::take(&mut changes.events);
    events.extend(stocks);
    traces.resize(events.len(), None);
    let envelopes = envelopes(&events, &traces, now)?;
    futures::try_join!(
        inventory::update(connection, &changes.stocks, &offered),
        sales::record(connection, now, &changes.stocks),
        outbox::append_all(connection, &envelopes),
    )?;
    let placed = changes.placed.first();
    let placed = placed.map(|placed| Proof::Order(placed.order.id));
    let told = envelopes.first();
    let told = told.map(|event| Proof::Event(event.id, event.time));
    Ok(Written {
        answers,
        proof: placed.or(told),
    })
}

fn envelopes(
    events: &[OrderEvent],
    traces: &[Option<TraceContext>],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Envelope>> {
    let envelope = |(event, trace): (&OrderEvent, &Option<TraceContext>)| {
        let envelope = Envelope::of(event, now)?;
        Ok(Envelope {
            trace: *trace,
            ..envelope
        })
    };
    events
        .iter()
        .zip(traces)
        .map(envelope)
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))
}
