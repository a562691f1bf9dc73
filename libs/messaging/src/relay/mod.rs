//! From the outbox to the stream: one leader per service, everything at least once, in order.

mod finding;
mod floor;
mod leader;
mod session;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use ticketing_contracts::events::Event;
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::Clock;
use tokio_util::sync::CancellationToken;

pub use finding::{Finding, compare};
pub use leader::Leader;
pub(crate) use leader::replay_floor_key;
use session::Session;

use crate::{
    connection::RedisSettings,
    stream::{Fenced, Journal},
    trim::Trimmer,
    wake::Wake,
};

/// How often one that does not lead tries to.
const STAND_BY: Duration = Duration::from_millis(500);

/// Entries stay in the stream this long for those who read it without a group.
const KEEP: Duration = Duration::from_secs(15 * 60);

/// The most rows that are published at once.
const BATCH: u16 = 500;

/// What is to be done before a stream that Redis lost is filled again: events for what lived in
/// Redis alone (deadlines) are appended to the outbox.
pub type OnWipe =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// Publishes one service's outbox.
#[derive(Clone)]
pub struct Relay {
    database: DatabaseSettings,
    redis: RedisSettings,
    trimmer: Trimmer,
    clock: Clock,
    wake: Wake,
    on_wipe: Option<OnWipe>,
    batch: u16,
}

impl Relay {
    /// The relay to the stream of `E`.
    #[must_use]
    pub fn new<E: Event>(database: DatabaseSettings, redis: RedisSettings, clock: Clock) -> Self {
        let trimmer = Trimmer {
            key: redis.key(E::STREAM),
            groups: E::GROUPS.iter().map(|group| (*group).to_owned()).collect(),
            keep: KEEP,
        };
        Self {
            database,
            redis,
            trimmer,
            clock,
            wake: Wake::default(),
            on_wipe: None,
            batch: BATCH,
        }
    }

    /// What else is to be done when Redis has lost the stream.
    #[must_use]
    pub fn on_wipe<F>(mut self, restore: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.on_wipe = Some(Arc::new(move || Box::pin(restore())));
        self
    }

    /// Which groups must have acknowledged an entry before it is trimmed, instead of those that the
    /// contracts declare: for tests of several groups.
    #[must_use]
    pub fn groups(mut self, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.trimmer.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// How long entries stay in the stream at least, however acknowledged.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.trimmer.keep = keep;
        self
    }

    /// How many rows are published at once at the most.
    #[must_use]
    pub fn batch(mut self, batch: u16) -> Self {
        self.batch = batch;
        self
    }

    /// What tells it of a commit.
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Leads whenever nobody else does, until `soft` is cancelled. `pool` is for announcements to a
    /// leader elsewhere.
    pub async fn run(self, pool: Pool, soft: CancellationToken) {
        let channel = channel(&self.database);
        let announce = self.wake.announce(&pool, &channel);
        let lead = self.lead_by(Fenced::new, &soft);
        tokio::select! {
            () = lead => {}
            never = announce => never,
        }
    }

    /// [`Self::run`] with another way to write to the stream, and without announcements.
    pub async fn lead_by<J: Journal>(
        &self,
        journal: impl Fn(redis::aio::MultiplexedConnection, String) -> J + Sync,
        soft: &CancellationToken,
    ) {
        let mut delays = delays();
        while !soft.is_cancelled() {
            let led = match self.take_the_lead(&journal).await {
                Ok(None) => Ok(STAND_BY),
                Ok(Some(mut leader)) => {
                    self.wake.lead(true);
                    let outcome = leader.run(soft).await;
                    self.wake.lead(false);
                    // Leading alone proves nothing: one that fails at its first event does so again.
                    if leader.has_worked() {
                        delays = self::delays();
                    }
                    outcome.map(|()| Duration::ZERO)
                }
                Err(error) => Err(error),
            };
            let delay = led.unwrap_or_else(|error| {
                tracing::warn!(
                    stream = self.trimmer.key,
                    error = format!("{error:#}"),
                    "the relay starts over"
                );
                delays.next().unwrap_or(STAND_BY)
            });
            _ = soft.run_until_cancelled(tokio::time::sleep(delay)).await;
        }
    }

    /// The leader, if nobody else leads.
    ///
    /// # Errors
    /// When Postgres or Redis is away.
    pub async fn take_the_lead<J: Journal>(
        &self,
        journal: impl Fn(redis::aio::MultiplexedConnection, String) -> J,
    ) -> anyhow::Result<Option<Leader<J>>> {
        let Some(session) = Session::lead(&self.database).await? else {
            return Ok(None);
        };
        let connection = self.redis.connect().await?;
        let journal = journal(connection.clone(), self.trimmer.key.clone());
        Leader::new(self.clone(), session, connection, journal)
            .await
            .map(Some)
    }
}

/// Announcements are for one schema's relay.
fn channel(database: &DatabaseSettings) -> String {
    format!("outbox_{}", database.schema)
}

fn delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
        .build()
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("stream", &self.trimmer.key)
            .finish_non_exhaustive()
    }
}
