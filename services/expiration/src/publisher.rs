//! Publishes what falls due, sleeps until the next deadline, and is woken when an earlier one is added.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use redis::RedisResult;
use ticketing_messaging::schedule::{Due, Schedule, pause};
use ticketing_runtime::Clock;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{bell::Bell, connection::Connection};

/// It looks at least this often: another instance may have added a deadline and ended.
const LONGEST: Duration = Duration::from_secs(1);

/// And no more often, but to take up what a full batch has left: deadlines that lie close together are
/// published together.
const SHORTEST: Duration = Duration::from_millis(10);

/// Several may run at once: each deadline is taken by one.
#[derive(Debug)]
pub struct Publisher {
    /// To Redis.
    pub connection: Connection,
    /// The deadlines.
    pub schedule: Schedule,
    /// Tells of earlier deadlines.
    pub bell: Bell,
    /// What is due.
    pub clock: Clock,
    /// The most that one script takes.
    pub batch: usize,
}

impl Publisher {
    /// Publishes until `soft` is cancelled.
    pub async fn run(self, soft: CancellationToken) {
        let mut delays = delays();
        while !soft.is_cancelled() {
            match self.look().await {
                // There may be more.
                Ok(due) if due.published.len() >= self.batch => delays = self::delays(),
                Ok(due) => {
                    delays = self::delays();
                    let pause = pause(self.clock.now(), due.next, LONGEST).max(SHORTEST);
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = self.bell.rung() => {}
                        () = soft.cancelled() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "nothing can be published; trying again");
                    let delay = delays.next().unwrap_or(LONGEST);
                    _ = soft.run_until_cancelled(sleep(delay)).await;
                }
            }
        }
    }

    /// Publishes what is due, a batch at the most.
    async fn look(&self) -> RedisResult<Due> {
        let mut connection = self.connection.get().await?;
        self.bell.looking();
        let now = self.clock.now();
        let due = self
            .schedule
            .publish_due(&mut connection, now, self.batch)
            .await;
        let due = self.connection.settle(due).await?;
        self.bell.found(due.next);
        if !due.published.is_empty() {
            self.report(&due);
        }
        Ok(due)
    }

    fn report(&self, due: &Due) {
        let now = self.clock.now();
        let lateness = metrics::histogram!("expiration_lateness_seconds");
        for deadline in &due.published {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of some days")]
            lateness.record((now - *deadline).num_milliseconds().max(0) as f64 / 1e3);
        }
        let count = due.published.len() as u64;
        metrics::counter!("expiration_published_total").increment(count);
        tracing::debug!(count, "published what is due");
    }
}

fn delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
        .build()
}
