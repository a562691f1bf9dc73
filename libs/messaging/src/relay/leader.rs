//! The one relay of a service that publishes.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use redis::{aio::MultiplexedConnection, cmd};
use ticketing_runtime::Pace;
use tokio_util::sync::CancellationToken;

use super::{
    Finding, Relay, Session, compare,
    floor::{Floor, Horizon},
    session::Unpublished,
};
use crate::{
    envelope::Envelope,
    stamp::Stamp,
    stream::{Appended, Journal},
};

/// With nothing to do it looks this often: for what nobody announced, and whether Redis still has
/// what it was given.
const LOOK: Duration = Duration::from_secs(1);

/// Of looks that have found something, however much it was: all who listen have their work with each.
const PACE: Pace = Pace {
    enough: usize::MAX,
    most: Duration::from_millis(10),
};

/// How often the listeners are told what can still come again.
const TELL: Duration = Duration::from_secs(60);

/// So many batches are read at once, at the most: while Redis appends one of them, Postgres stamps the
/// one before.
const READ_AHEAD: u32 = 4;

/// Holds the lock. Whatever fails, it is dropped and somebody takes the lead anew: what it knew is
/// read again.
pub struct Leader<J> {
    relay: Relay,
    session: Session,
    connection: MultiplexedConnection,
    journal: J,
    /// The stream's last id, as far as we know. Nothing is appended when it is not.
    highest: Stamp,
    floor: Floor,
    /// How far the database was at the end of the last look, to begin the next one with.
    horizon: Option<Horizon>,
    looked_after: Option<Instant>,
    told_floor: Option<Instant>,
    has_worked: bool,
}

impl<J: Journal> Leader<J> {
    pub(super) async fn new(
        relay: Relay,
        mut session: Session,
        connection: MultiplexedConnection,
        journal: J,
    ) -> anyhow::Result<Self> {
        let (highest, _) = session.positions().await?;
        tracing::info!(stream = relay.trimmer.key, %highest, "the relay leads");
        Ok(Self {
            relay,
            session,
            connection,
            journal,
            highest,
            floor: Floor::new(),
            horizon: None,
            looked_after: None,
            told_floor: None,
            has_worked: false,
        })
    }

    /// Whether it has done, at least once, all that a leader does.
    pub(super) fn has_worked(&self) -> bool {
        self.has_worked
    }

    /// Publishes until `soft` is cancelled.
    ///
    /// # Errors
    /// When Postgres or Redis fails it; the lead is lost then.
    pub async fn run(&mut self, soft: &CancellationToken) -> anyhow::Result<()> {
        loop {
            let began = Instant::now();
            let look = self.look().await?;
            self.look_after().await?;
            self.has_worked = true;
            if soft.is_cancelled() {
                return Ok(());
            }
            if look.has_more {
                continue;
            }
            if look.published > 0 {
                PACE.rest(began, look.published).await;
            }
            // Whatever was committed since the look has rung already.
            let wake = self.relay.wake.clone();
            tokio::select! {
                () = wake.rung() => {}
                () = self.session.announced() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = soft.cancelled() => {}
            }
        }
    }

    /// Publishes some of what there is, after it has seen to it that the stream has what was
    /// published before. Returns how many; more than none when it is to be called again at once.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn publish(&mut self) -> anyhow::Result<usize> {
        let look = self.look().await?;
        Ok(look.published.max(look.has_more.into()))
    }

    async fn look(&mut self) -> anyhow::Result<Look> {
        // Read before the rows are: how long before does not matter.
        let horizon = match self.horizon.take() {
            Some(horizon) => horizon,
            None => self.session.horizon().await?,
        };
        let (begin, limit) = (self.floor.begin(), u32::from(self.relay.batch) * READ_AHEAD);
        let rows = self.session.unpublished(begin, limit.into()).await?;
        if rows.is_empty() {
            self.reconcile().await?;
            self.floor.raise(horizon, None);
            return Ok(Look::default());
        }
        let full = rows.len() >= limit as usize;
        let upto = rows.last().filter(|_| full).map(|row| row.seq);
        let published = self.publish_rows(rows).await?;
        if published.refused {
            self.reconcile().await?;
        } else {
            self.floor.raise(horizon, upto);
        }
        if published.count > 0 {
            let stream = self.relay.trimmer.key.clone();
            metrics::counter!("messaging_published_total", "stream" => stream)
                .increment(published.count as u64);
        }
        Ok(Look {
            published: published.count,
            // Refused, it has found out why.
            has_more: full || published.refused,
        })
    }

    /// Appends batch by batch, each while the one before is stamped. A crash publishes the batches
    /// twice that are not stamped, two at the most. The listeners' inboxes know them.
    async fn publish_rows(&mut self, mut rows: Vec<Unpublished>) -> anyhow::Result<Published> {
        let mut published = Published::default();
        let mut appended: Option<Batch> = None;
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(self.relay.batch.into()));
            let batch = self.batch(std::mem::replace(&mut rows, rest));
            let stamp = async {
                match &appended {
                    Some(before) => self.session.stamp(before).await,
                    None => Ok(()),
                }
            };
            let append = self.journal.append(self.highest, &batch.entries);
            let (stamped, outcome) = futures::join!(stamp, append);
            stamped?;
            if outcome? == Appended::Refused {
                published.refused = true;
                return Ok(published);
            }
            self.highest = batch.last;
            published.count += batch.entries.len();
            appended = Some(batch);
        }
        if let Some(batch) = &appended {
            self.horizon = Some(self.session.stamp_and_look(batch).await?);
        }
        Ok(published)
    }

    fn batch(&self, rows: Vec<Unpublished>) -> Batch {
        let seqs = rows.iter().map(|row| row.seq).collect();
        let entries = self.stamped(rows);
        Batch {
            seqs,
            stamps: entries.iter().map(|(stamp, _)| stamp.number()).collect(),
            span: span(&entries),
            last: entries.last().map_or(self.highest, |(stamp, _)| *stamp),
            entries,
        }
    }

    fn stamped(&self, rows: Vec<Unpublished>) -> Vec<(Stamp, Envelope)> {
        let now = self.relay.clock.now();
        let mut last = self.highest;
        rows.into_iter()
            .map(|row| {
                last = last.next(now);
                (last, row.envelope)
            })
            .collect()
    }

    /// Brings the stream in step with what was published, or itself with the stream.
    async fn reconcile(&mut self) -> anyhow::Result<()> {
        let stream = self.relay.trimmer.key.clone();
        match compare(self.highest, self.journal.last().await?) {
            Finding::InStep => Ok(()),
            Finding::Ahead(last) => {
                tracing::info!(stream, %last, "the stream has entries that are not stamped");
                self.highest = last;
                Ok(())
            }
            Finding::LostTail(last) => {
                tracing::warn!(stream, %last, highest = %self.highest, "Redis lost the stream's end; publishing it again");
                metrics::counter!("messaging_lost_tails_total", "stream" => stream).increment(1);
                self.publish_again(last, last).await
            }
            Finding::Wiped => {
                let (_, acked) = self.session.positions().await?;
                tracing::warn!(stream, %acked, highest = %self.highest, "Redis lost the stream; publishing again what is not acknowledged");
                metrics::counter!("messaging_wipes_total", "stream" => stream).increment(1);
                // First: when we die within, the stream is still missing, and all is done again.
                if let Some(restore) = &self.relay.on_wipe {
                    restore().await?;
                }
                self.publish_again(acked, Stamp::ZERO).await
            }
        }
    }

    /// Appends what was published after `after` once more, under the ids that it had, to a stream
    /// that ends with `expected`.
    async fn publish_again(&mut self, after: Stamp, expected: Stamp) -> anyhow::Result<()> {
        let (mut after, mut expected) = (after, expected);
        loop {
            let limit = self.relay.batch.into();
            let rows = self.session.published(after, self.highest, limit).await?;
            let Some((last, _)) = rows.last() else { break };
            let last = *last;
            if self.journal.append(expected, &rows).await? == Appended::Refused {
                return Ok(());
            }
            metrics::counter!("messaging_republished_total", "stream" => self.relay.trimmer.key.clone())
                .increment(rows.len() as u64);
            (after, expected) = (last, last);
        }
        if expected < self.highest {
            // Nothing is left to publish, and the ids must still go on from where they were.
            self.journal.go_on_from(expected, self.highest).await?;
        }
        Ok(())
    }

    async fn look_after(&mut self) -> anyhow::Result<()> {
        if is_due(self.looked_after, LOOK) {
            self.looked_after = Some(Instant::now());
            self.tend().await?;
        }
        Ok(())
    }

    /// Once a second: trims, notes what is acknowledged, counts what waits.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn tend(&mut self) -> anyhow::Result<()> {
        let now = self.relay.clock.now();
        if let Some(acked) = self.relay.trimmer.run(&mut self.connection, now).await? {
            // Never above what is stamped: a stream of another life could be.
            self.session.acknowledged(acked.min(self.highest)).await?;
        }
        self.count_backlog(now).await?;
        if is_due(self.told_floor, TELL) {
            self.told_floor = Some(Instant::now());
            self.tell_replay_floor().await?;
        }
        Ok(())
    }

    async fn count_backlog(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let backlog = self.session.backlog(self.floor.value()).await?;
        let stream = self.relay.trimmer.key.clone();
        let age = backlog
            .oldest
            .map_or(0, |oldest| (now - oldest).num_milliseconds());
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        {
            metrics::gauge!("messaging_outbox_depth", "stream" => stream.clone())
                .set(backlog.depth as f64);
            metrics::gauge!("messaging_outbox_age_seconds", "stream" => stream)
                .set(age.max(0) as f64 / 1e3);
        }
        Ok(())
    }

    /// Tells the listeners' inboxes what can still come again.
    async fn tell_replay_floor(&mut self) -> anyhow::Result<()> {
        let floor = self.session.replay_floor().await?;
        cmd("SET")
            .arg(replay_floor_key(&self.relay.trimmer.key))
            .arg(floor.to_string())
            .query_async::<()>(&mut self.connection)
            .await?;
        Ok(())
    }
}

/// Where a relay tells the listeners which event is the oldest that can come again.
pub(crate) fn replay_floor_key(stream: &str) -> String {
    format!("{stream}:replay-floor")
}

/// Rows that are published together.
pub(super) struct Batch {
    /// Their numbers in the outbox …
    pub seqs: Vec<i64>,
    /// … and the stamps that they get.
    pub stamps: Vec<i64>,
    /// All their times are within.
    pub span: (DateTime<Utc>, DateTime<Utc>),
    last: Stamp,
    entries: Vec<(Stamp, Envelope)>,
}

/// What came of a look.
#[derive(Default)]
struct Look {
    published: usize,
    /// It is to look again at once.
    has_more: bool,
}

/// What came of an attempt.
#[derive(Default)]
struct Published {
    count: usize,
    /// The stream did not end where it should.
    refused: bool,
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

fn span(entries: &[(Stamp, Envelope)]) -> (DateTime<Utc>, DateTime<Utc>) {
    let times = entries.iter().map(|(_, envelope)| envelope.time);
    let least = times.clone().min().unwrap_or_default();
    (least, times.max().unwrap_or_default())
}

impl<J> std::fmt::Debug for Leader<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leader")
            .field("stream", &self.relay.trimmer.key)
            .field("highest", &self.highest)
            .finish_non_exhaustive()
    }
}
