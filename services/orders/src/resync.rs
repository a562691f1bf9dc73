//! Snapshots of what there is of each ticket, and of every open order.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::OrderEvent;
use ticketing_messaging::resync::{Snapshots, resync};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::Clock;
use uuid::Uuid;

use crate::store::reading;

/// What there is of each ticket.
#[derive(Debug, Clone, Copy)]
pub struct Inventories;

/// The orders that hold their tickets.
#[derive(Debug, Clone, Copy)]
pub struct OpenOrders;

impl Snapshots for Inventories {
    type Event = OrderEvent;

    async fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> QueryResult<Vec<(Uuid, OrderEvent)>> {
        let rows = reading::inventories(connection, after, limit).await?;
        let event = |row: ticketing_contracts::events::orders::Inventory| {
            (row.ticket_id.0, OrderEvent::InventoryUpdated(row))
        };
        Ok(rows.into_iter().map(event).collect())
    }
}

impl Snapshots for OpenOrders {
    type Event = OrderEvent;

    async fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> QueryResult<Vec<(Uuid, OrderEvent)>> {
        let orders = reading::open(connection, after, limit).await?;
        Ok(orders
            .iter()
            .map(|order| (order.id.0, order.event()))
            .collect())
    }
}

/// `orders resync`: publishes all of it once more.
///
/// # Errors
/// When Postgres fails; doing it again does no harm.
pub async fn run(database: &DatabaseSettings) -> anyhow::Result<()> {
    let (pool, clock) = (Pool::new(database)?, Clock::system());
    let tickets = resync(&pool, &clock, &Inventories).await?;
    let orders = resync(&pool, &clock, &OpenOrders).await?;
    tracing::info!(tickets, orders, "published once more");
    Ok(())
}
