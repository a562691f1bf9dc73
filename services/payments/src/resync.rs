//! Payments, published once more.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::PaymentEvent;
use ticketing_messaging::resync::{Snapshots, resync};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::Clock;
use uuid::Uuid;

use crate::store::snapshots;

/// Every payment of which something was told.
#[derive(Debug, Clone, Copy)]
pub struct Payments;

impl Snapshots for Payments {
    type Event = PaymentEvent;

    async fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> QueryResult<Vec<(Uuid, PaymentEvent)>> {
        let payments = snapshots::page(connection, after, limit).await?;
        let told = payments.iter();
        Ok(told
            .filter_map(|payment| Some((payment.id.0, payment.event()?)))
            .collect())
    }
}

/// `payments resync`: publishes all of them once more.
///
/// # Errors
/// When Postgres fails; doing it again does no harm.
pub async fn run(database: &DatabaseSettings) -> anyhow::Result<()> {
    let (pool, clock) = (Pool::new(database)?, Clock::system());
    let payments = resync(&pool, &clock, &Payments).await?;
    tracing::info!(payments, "published once more");
    Ok(())
}
