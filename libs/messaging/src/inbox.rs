//! Effects in Postgres: exactly once, by noting the event in the transaction of its effect.

use std::{collections::HashSet, future::Future, panic::AssertUnwindSafe};

use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt;
use ticketing_contracts::events::Event;
use ticketing_postgres::{Pool, prepared, tx};
use uuid::Uuid;

use crate::{
    consumer::{Effect, Failure},
    dead_letter::{self, Letter},
    envelope::Delivery,
};

/// What a service does about the events of one stream.
pub trait Handler: Send + Sync + 'static {
    /// The stream's events.
    type Event: Event + Clone + std::fmt::Debug;

    /// Lets events take effect, all in the transaction of `connection`: set-wise where it can. It may
    /// be run again, after a rollback, with the same events or with fewer.
    ///
    /// # Errors
    /// Rolls the transaction back.
    fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<Self::Event>],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Called after the commit, when there was an effect: to wake the relay, say.
    fn committed(&self) {}
}

/// A handler that gets each event once.
#[derive(Debug)]
pub struct Inbox<H> {
    pool: Pool,
    group: String,
    handler: H,
}

impl<H: Handler> Inbox<H> {
    /// The inbox of the schema that `pool` connects to, for what `group` hears.
    #[must_use]
    pub fn new(pool: Pool, group: impl Into<String>, handler: H) -> Self {
        Self {
            pool,
            group: group.into(),
            handler,
        }
    }

    async fn handle_new(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[Delivery<H::Event>],
    ) -> Result<(), Failure> {
        let new = note(connection, batch.iter().map(|d| d.envelope.id)).await?;
        let mut new: HashSet<_> = new.into_iter().collect();
        // An event that is in the batch twice is handled once.
        let fresh: Vec<_> = batch
            .iter()
            .filter(|delivery| new.remove(&delivery.envelope.id))
            .collect();
        if fresh.is_empty() {
            return Ok(());
        }
        self.handler.handle(connection, &fresh).await
    }

    async fn redrive(&self) -> Result<(), Failure> {
        let mut connection = self.pool.get().await?;
        let wanted = dead_letter::wanted(&mut connection, H::Event::STREAM, &self.group).await?;
        for id in wanted {
            match self.redrive_one(id).await {
                Ok(()) => tracing::info!(id, "a dead letter has taken effect"),
                Err(error) if error.is_permanent() => {
                    tracing::warn!(id, %error, "a dead letter failed again");
                    let error = error.to_string();
                    dead_letter::failed_again(&mut connection, id, &error).await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.handler.committed();
        Ok(())
    }

    /// On a connection of its own, which a handler that panics leaves broken.
    async fn redrive_one(&self, id: i64) -> Result<(), Failure> {
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let redriven = self.handle_again(&mut connection, id).await;
        tx::end(&mut connection, redriven).await
    }

    /// Past the inbox, which has known the event since it was buried.
    async fn handle_again(
        &self,
        connection: &mut AsyncPgConnection,
        id: i64,
    ) -> Result<(), Failure> {
        let Some(letter) = dead_letter::take(connection, id).await? else {
            return Ok(());
        };
        let envelope = letter.envelope.ok_or_else(|| {
            Failure::Permanent(anyhow::anyhow!("the entry was no event: {}", letter.error))
        })?;
        let event = H::Event::decode(&envelope.kind, &envelope.data)
            .map_err(|error| Failure::Permanent(error.into()))?;
        let delivery = Delivery {
            stamp: letter.stamp,
            envelope,
            event,
        };
        let batch = [&delivery];
        let handled = AssertUnwindSafe(self.handler.handle(connection, &batch));
        handled
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Failure::panicked()))
    }
}

impl<H: Handler> Effect for Inbox<H> {
    type Event = H::Event;

    async fn apply(&self, batch: &[Delivery<H::Event>]) -> Result<(), Failure> {
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let handled = self.handle_new(&mut connection, batch).await;
        tx::end(&mut connection, handled).await?;
        self.handler.committed();
        Ok(())
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let buried = bury_new(&mut connection, letter).await;
        tx::end(&mut connection, buried).await
    }

    async fn tend(&self) -> Result<(), Failure> {
        self.redrive().await
    }
}

/// Unless it took effect at another consumer.
async fn bury_new(connection: &mut AsyncPgConnection, letter: &Letter) -> Result<(), Failure> {
    let ids = letter.envelope.iter().map(|envelope| envelope.id);
    let new = note(connection, ids).await?;
    if letter.envelope.is_none() || !new.is_empty() {
        dead_letter::insert(connection, letter).await?;
    }
    Ok(())
}

/// Notes events; returns those that had not been noted before. Another consumer that is noting one of
/// them is waited for.
async fn note(
    connection: &mut AsyncPgConnection,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Uuid>, Failure> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    // All in the same order, or two batches that overlap would wait for each other.
    ids.sort_unstable();
    let noted = prepared(
        "INSERT INTO inbox (event_id) SELECT unnest({}) ON CONFLICT DO NOTHING RETURNING event_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .returning::<SqlUuid>()
    .get_results(connection)
    .await?;
    Ok(noted)
}
