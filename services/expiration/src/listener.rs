//! Hears what becomes of orders: the effect is in Redis.

use chrono::{DateTime, Utc};
use redis::{RedisResult, aio::MultiplexedConnection};
use ticketing_contracts::events::OrderEvent;
use ticketing_messaging::{
    Delivery,
    consumer::{Effect, Failure},
    dead_letter::Letter,
    schedule::Schedule,
};
use ticketing_runtime::Clock;

use crate::{
    bell::Bell,
    connection::Connection,
    dead_letters::DeadLetters,
    deadlines::{Changes, changes},
};

/// Notes deadlines. To note one again changes nothing, so that no inbox is needed.
#[derive(Debug, Clone)]
pub struct Listener {
    /// To Redis.
    pub connection: Connection,
    /// Where deadlines are noted.
    pub schedule: Schedule,
    /// Where goes what can't be read.
    pub dead_letters: DeadLetters,
    /// Wakes the publisher.
    pub bell: Bell,
    /// Tells when a dead letter was put away.
    pub clock: Clock,
}

impl Listener {
    /// Notes what `changes` says.
    ///
    /// # Errors
    /// When Redis does not answer: to be tried again, since half of it may be done.
    pub async fn note(&self, changes: &Changes) -> RedisResult<()> {
        let mut connection = self.connection.get().await?;
        let noted = self.write(&mut connection, changes).await;
        self.connection.settle(noted).await?;
        let earliest: Option<DateTime<Utc>> = changes.set.iter().map(|deadline| deadline.at).min();
        if let Some(earliest) = earliest {
            self.bell.added(earliest);
        }
        Ok(())
    }

    async fn write(
        &self,
        connection: &mut MultiplexedConnection,
        changes: &Changes,
    ) -> RedisResult<()> {
        self.schedule.add(connection, &changes.set).await?;
        self.schedule.cancel(connection, &changes.cancelled).await
    }
}

impl Effect for Listener {
    type Event = OrderEvent;

    async fn apply(&self, batch: &[Delivery<OrderEvent>]) -> Result<(), Failure> {
        let changes = changes(batch.iter().map(|delivery| &delivery.event));
        if changes == Changes::default() {
            return Ok(());
        }
        Ok(self.note(&changes).await?)
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        let mut connection = self.connection.get().await?;
        let now = self.clock.now();
        let buried = self.dead_letters.keep(&mut connection, letter, now).await;
        Ok(self.connection.settle(buried).await?)
    }
}
