//! From a stream to its effect: one consumer of a group.

mod failure;
mod settle;

use std::{
    future::Future,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use ticketing_contracts::events::Event;
use ticketing_runtime::{Clock, Pace};
use tokio_util::sync::CancellationToken;

pub use failure::Failure;

use crate::{
    connection::RedisSettings,
    dead_letter::Letter,
    envelope::Delivery,
    stamp::Stamp,
    stream::{Entry, GroupReader, Which},
};

/// Where events take effect: Postgres ([`crate::inbox::Inbox`]) or Redis.
pub trait Effect: Send + Sync + 'static {
    /// The stream's events.
    type Event: Event + Clone + std::fmt::Debug;

    /// Lets all of a batch take effect, or nothing of it; what has taken effect before is left out.
    ///
    /// # Errors
    /// [`Failure`] tells whether it is worth trying again.
    fn apply(
        &self,
        batch: &[Delivery<Self::Event>],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Puts an event away for good that can't take effect.
    ///
    /// # Errors
    /// When it could not be put away; it is tried again.
    fn bury(&self, letter: &Letter) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Called about once a second, between batches.
    ///
    /// # Errors
    /// Are logged.
    fn tend(&self) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Ok(()) }
    }
}

/// How a consumer behaves.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    /// The listening service.
    pub group: String,
    /// This instance: Nomad's allocation.
    pub consumer: String,
    /// The most events that are handled at once.
    pub batch: usize,
    /// How long one waits for new entries, and so how long a shutdown may take to be noticed.
    pub block: Duration,
    /// Entries that were delivered this long ago and are not acknowledged are taken over: more than
    /// any batch takes.
    pub claim_after: Duration,
    /// Consumers without pending entries are removed after this long.
    pub forget_after: Duration,
    /// How often an event is tried that fails for a reason of its own.
    pub attempts: u32,
}

impl ConsumerSettings {
    /// The usual.
    #[must_use]
    pub fn new(group: impl Into<String>, consumer: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            consumer: consumer.into(),
            batch: 500,
            block: Duration::from_secs(1),
            claim_after: Duration::from_secs(30),
            forget_after: Duration::from_secs(3600),
            attempts: 5,
        }
    }
}

/// Hands the entries of one stream to an effect, as one of a group.
#[derive(Debug)]
pub struct Consumer<E> {
    redis: RedisSettings,
    settings: ConsumerSettings,
    clock: Clock,
    effect: E,
}

/// When things that are done now and then were last done.
struct Chores {
    tended: Instant,
    claimed: Instant,
}

/// Of batches.
const PACE: Pace = Pace {
    enough: 64,
    most: Duration::from_millis(10),
};

/// How often an effect is tended to.
const TEND: Duration = Duration::from_secs(1);

impl Chores {
    fn are_due(&self, settings: &ConsumerSettings) -> bool {
        self.tended.elapsed() > TEND || self.claiming_is_due(settings)
    }

    fn claiming_is_due(&self, settings: &ConsumerSettings) -> bool {
        self.claimed.elapsed() > settings.claim_after / 2
    }
}

impl<E: Effect> Consumer<E> {
    /// A consumer that does nothing yet.
    #[must_use]
    pub fn new(redis: RedisSettings, settings: ConsumerSettings, clock: Clock, effect: E) -> Self {
        Self {
            redis,
            settings,
            clock,
            effect,
        }
    }

    /// Consumes until `soft` is cancelled; what is in hand is finished.
    pub async fn run(self, soft: CancellationToken) {
        let mut delays = delays();
        while !soft.is_cancelled() {
            let began = Instant::now();
            match self.session(&soft).await {
                Ok(()) => return,
                Err(error) => {
                    if began.elapsed() > Duration::from_secs(30) {
                        delays = self::delays();
                    }
                    tracing::warn!(
                        stream = <E::Event as Event>::STREAM,
                        group = self.settings.group,
                        error = format!("{error:#}"),
                        "the consumer starts over"
                    );
                }
            }
            let delay = delays.next().unwrap_or_default();
            _ = soft.run_until_cancelled(tokio::time::sleep(delay)).await;
        }
    }

    /// Consumes what there is now, and no more.
    ///
    /// # Errors
    /// When Redis fails it.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        let never = CancellationToken::new();
        let mut reader = self.reader().await?;
        self.settle_pending(&mut reader, &never).await?;
        loop {
            let new = Which::New { block: None };
            let new = reader.read(new, self.settings.batch).await?;
            if new.is_empty() {
                return Ok(());
            }
            self.settle(&mut reader, new, &never).await?;
        }
    }

    /// As long as the connection lives.
    async fn session(&self, soft: &CancellationToken) -> anyhow::Result<()> {
        let mut reader = self.reader().await?;
        if !self.settle_pending(&mut reader, soft).await? {
            return Ok(());
        }
        let mut chores = Chores {
            tended: Instant::now(),
            claimed: Instant::now(),
        };
        let mut settled = Vec::new();
        while !soft.is_cancelled() {
            if chores.are_due(&self.settings) {
                // First, or what took long would be taken over, from oneself.
                reader.acknowledge(&std::mem::take(&mut settled)).await?;
                self.do_chores(&mut chores, &mut reader, soft).await?;
            }
            let block = Some(self.settings.block);
            let read = (Which::New { block }, self.settings.batch);
            let stamps = std::mem::take(&mut settled);
            let new = reader.acknowledge_and_read(&stamps, Some(read)).await?;
            let (began, found) = (Instant::now(), new.len());
            match self.settle_backlog(&mut reader, new, &chores, soft).await? {
                Some(stamps) => settled = stamps,
                None => return Ok(()),
            }
            PACE.rest(began, found).await;
        }
        reader.acknowledge(&settled).await
    }

    /// Settles `batch` and what is behind it. While Postgres works on a batch, Redis notes that the one
    /// before is settled and hands out the next one. Returns what is left to be acknowledged, or `None`
    /// when it was told to stop before.
    async fn settle_backlog(
        &self,
        reader: &mut GroupReader,
        mut batch: Vec<Entry>,
        chores: &Chores,
        soft: &CancellationToken,
    ) -> anyhow::Result<Option<Vec<Stamp>>> {
        let mut settled = Vec::new();
        while !batch.is_empty() {
            let stamps: Vec<_> = batch.iter().map(|entry| entry.stamp).collect();
            // One that is not full was all there is. What is fetched is finished, so nothing is
            // fetched any more once this is to end, or has other things to do.
            let backlog = batch.len() >= self.settings.batch
                && !soft.is_cancelled()
                && !chores.are_due(&self.settings);
            let ahead = backlog.then_some((Which::New { block: None }, self.settings.batch));
            let (done, next) = futures::join!(
                self.take_effect(batch, soft),
                reader.acknowledge_and_read(&settled, ahead)
            );
            batch = next?;
            if !done {
                return Ok(None);
            }
            settled = stamps;
        }
        Ok(Some(settled))
    }

    /// What this instance was given before it was restarted, or before the connection broke.
    async fn settle_pending(
        &self,
        reader: &mut GroupReader,
        soft: &CancellationToken,
    ) -> anyhow::Result<bool> {
        loop {
            let pending = reader.read(Which::Pending, self.settings.batch).await?;
            if pending.is_empty() {
                return Ok(true);
            }
            self.redelivered(pending.len());
            if !self.settle(reader, pending, soft).await? {
                return Ok(false);
            }
        }
    }

    async fn reader(&self) -> anyhow::Result<GroupReader> {
        let mut reader = GroupReader::new(
            self.redis.wire(self.settings.block).await?,
            self.redis.key(E::Event::STREAM),
            self.settings.group.clone(),
            self.settings.consumer.clone(),
            unheard::<E::Event>(&self.settings.group),
        );
        reader.create_group().await?;
        Ok(reader)
    }

    async fn do_chores(
        &self,
        chores: &mut Chores,
        reader: &mut GroupReader,
        soft: &CancellationToken,
    ) -> anyhow::Result<()> {
        if chores.claiming_is_due(&self.settings) {
            loop {
                let claimed = reader
                    .claim(self.settings.claim_after, self.settings.batch)
                    .await?;
                if claimed.is_empty() {
                    break;
                }
                self.redelivered(claimed.len());
                if !self.settle(reader, claimed, soft).await? {
                    return Ok(());
                }
            }
            reader.forget_idle(self.settings.forget_after).await?;
            chores.claimed = Instant::now();
        }
        if chores.tended.elapsed() > TEND {
            if let Err(error) = self.effect.tend().await {
                tracing::warn!(group = self.settings.group, %error, "could not tend to the inbox");
            }
            chores.tended = Instant::now();
        }
        Ok(())
    }

    fn redelivered(&self, count: usize) {
        metrics::counter!("messaging_redelivered_total", &self.labels()).increment(count as u64);
    }

    fn labels(&self) -> [(&'static str, String); 2] {
        [
            ("stream", E::Event::STREAM.to_owned()),
            ("group", self.settings.group.clone()),
        ]
    }
}

/// What the contracts declare for other groups only: it is acknowledged and costs nothing more. Unknown
/// types, and groups that the contracts do not know, are another matter.
fn unheard<E: Event>(group: &str) -> Vec<&'static str> {
    if !E::GROUPS.contains(&group) {
        return Vec::new();
    }
    let others = E::HEARD_BY.iter().filter(|(_, by)| !by.contains(&group));
    others.map(|(kind, _)| *kind).collect()
}

/// Between attempts: longer and longer, without end, and not all instances at once.
fn delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
        .build()
}
