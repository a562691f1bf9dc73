//! Now and then: trims the stream of expirations, and counts what there is.

use std::time::Duration;

use redis::{aio::MultiplexedConnection, cmd};
use ticketing_contracts::events::{Event, ExpirationEvent};
use ticketing_messaging::{connection::RedisSettings, trim::Trimmer};
use ticketing_runtime::Clock;
use tokio_util::sync::CancellationToken;

use crate::{connection::Connection, dead_letters::DeadLetters, deadlines};

const EVERY: Duration = Duration::from_secs(1);

/// Several instances may do it at once.
#[derive(Debug)]
pub struct Upkeep {
    connection: Connection,
    trimmer: Trimmer,
    deadlines: String,
    dead_letters: DeadLetters,
    clock: Clock,
}

impl Upkeep {
    /// Of what is in this Redis.
    #[must_use]
    pub fn new(connection: Connection, redis: &RedisSettings, clock: Clock) -> Self {
        Self {
            connection,
            trimmer: Trimmer {
                key: redis.key(ExpirationEvent::STREAM),
                groups: ExpirationEvent::GROUPS
                    .iter()
                    .map(|group| (*group).to_owned())
                    .collect(),
                // Nobody reads it without a group.
                keep: Duration::ZERO,
            },
            deadlines: deadlines::schedule(redis).key,
            dead_letters: DeadLetters::new(redis),
            clock,
        }
    }

    /// Until `soft` is cancelled.
    pub async fn run(self, soft: CancellationToken) {
        let mut rounds = tokio::time::interval(EVERY);
        while soft.run_until_cancelled(rounds.tick()).await.is_some() {
            if let Err(error) = self.once().await {
                let error = format!("{error:#}");
                tracing::debug!(error, "no upkeep this time");
            }
        }
    }

    async fn once(&self) -> anyhow::Result<()> {
        let mut connection = self.connection.get().await?;
        let done = self.trim_and_count(&mut connection).await;
        self.connection.settle(done).await
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges")]
    async fn trim_and_count(&self, connection: &mut MultiplexedConnection) -> anyhow::Result<()> {
        self.trimmer.run(connection, self.clock.now()).await?;
        let mut count = cmd("ZCARD");
        let scheduled: u64 = count.arg(&self.deadlines).query_async(connection).await?;
        metrics::gauge!("expiration_scheduled").set(scheduled as f64);
        let dead = self.dead_letters.count(connection).await?;
        metrics::gauge!("expiration_dead_letters").set(dead as f64);
        Ok(())
    }
}
