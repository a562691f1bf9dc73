//! `tickets resync`: every ticket published once more, for a listener that is new or was away for longer
//! than the outbox keeps.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_contracts::{events::TicketEvent, ids::TicketId};
use ticketing_messaging::resync::{Snapshots, resync};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::Clock;
use uuid::Uuid;

use crate::{domain::Ticket, store::tickets};

/// The table of tickets, withdrawn ones as well: their tombstones are what a listener may have missed.
#[derive(Debug, Clone, Copy)]
pub struct AllTickets;

impl Snapshots for AllTickets {
    type Event = TicketEvent;

    async fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> QueryResult<Vec<(Uuid, TicketEvent)>> {
        let page = tickets::all(connection, after.map(TicketId), limit).await?;
        Ok(page.iter().map(|row| (row.id.0, event(row))).collect())
    }
}

fn event(ticket: &Ticket) -> TicketEvent {
    let of_state = match ticket {
        Ticket { deleted: true, .. } => TicketEvent::Deleted,
        Ticket { version: 1, .. } => TicketEvent::Created,
        Ticket { .. } => TicketEvent::Updated,
    };
    of_state(ticket.snapshot())
}

/// Appends them to the outbox; a relay of `serve` publishes them.
///
/// # Errors
/// When Postgres fails; doing it again does no harm.
pub async fn run(database: &DatabaseSettings) -> anyhow::Result<()> {
    let pool = Pool::new(database)?;
    let published = resync(&pool, &Clock::system(), &AllTickets).await?;
    tracing::info!(published, "every ticket is published once more");
    Ok(())
}
