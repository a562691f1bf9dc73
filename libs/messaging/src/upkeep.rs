//! Partitions of outbox and inbox, made ahead and dropped when nothing needs them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Integer, Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use redis::cmd;
use ticketing_postgres::Pool;
use ticketing_runtime::Clock;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{connection::RedisSettings, relay::replay_floor_key};

/// Partitions are made a day ahead.
const EVERY: Duration = Duration::from_secs(300);

/// Looks after the partitions of one service.
#[derive(Debug)]
pub struct Upkeep {
    /// The service's schema.
    pub pool: Pool,
    /// Where relays tell what they can still repeat.
    pub redis: RedisSettings,
    /// The streams that the service listens to.
    pub streams: Vec<&'static str>,
    /// Tells which partitions are needed.
    pub clock: Clock,
}

impl Upkeep {
    /// Looks every few minutes until `soft` is cancelled. Several instances may.
    pub async fn run(self, soft: CancellationToken) {
        let mut rounds = tokio::time::interval(EVERY);
        while soft.run_until_cancelled(rounds.tick()).await.is_some() {
            if let Err(error) = self.once().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "no upkeep of partitions this time"
                );
            }
        }
    }

    /// One look.
    ///
    /// # Errors
    /// When Postgres does not answer, or the tables are locked: to be tried again later.
    pub async fn once(&self) -> anyhow::Result<()> {
        // Partitions are needed while Redis is away as well.
        let replay_floor = self.replay_floor().await.unwrap_or_else(|error| {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "the inbox is left alone: what could come again is not known"
            );
            None
        });
        let mut connection = self.pool.get().await?;
        let dropped = upkeep(&mut connection, self.clock.now(), replay_floor).await?;
        if dropped > 0 {
            tracing::info!(dropped, "dropped partitions that nothing needs any more");
        }
        Ok(())
    }

    /// The oldest event that may still come again, if every stream's relay has told.
    async fn replay_floor(&self) -> anyhow::Result<Option<Uuid>> {
        let mut connection = self.redis.connect().await?;
        let mut least: Option<Uuid> = None;
        for stream in &self.streams {
            let told: Option<String> = cmd("GET")
                .arg(replay_floor_key(&self.redis.key(stream)))
                .query_async(&mut connection)
                .await?;
            let Some(told) = told else { return Ok(None) };
            let told: Uuid = told.parse()?;
            least = Some(least.map_or(told, |least| least.min(told)));
        }
        Ok(least)
    }
}

/// Makes the partitions of the next day and drops those that nothing needs any more; returns how many
/// it dropped. Without a `replay_floor`, the oldest event that may still come again, nothing of the
/// inbox is dropped.
///
/// # Errors
/// As [`Upkeep::once`].
pub async fn upkeep(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    replay_floor: Option<Uuid>,
) -> QueryResult<i32> {
    #[derive(QueryableByName)]
    struct Dropped {
        #[diesel(sql_type = Integer)]
        dropped: i32,
    }
    let Dropped { dropped } = diesel::sql_query("SELECT messaging_upkeep($1, $2) AS dropped")
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<diesel::sql_types::Uuid>, _>(replay_floor)
        .get_result(connection)
        .await?;
    Ok(dropped)
}
