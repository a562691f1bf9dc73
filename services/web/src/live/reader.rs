//! Follows the streams, for everybody who listens at this instance.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ticketing_messaging::{
    connection::RedisSettings,
    tail::{Past, Places, Tail},
};
use ticketing_runtime::Clock;

use super::{hub::Hub, missed::History, positions::STREAMS};

/// For so long Redis holds an answer back when there is nothing.
const BLOCK: Duration = Duration::from_millis(500);

/// Entries of a stream that are read at once.
const COUNT: usize = 500;

/// How often it is asked whether Redis still has what was not read yet.
const LOOK: Duration = Duration::from_secs(1);

/// Before Redis is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Reads, and tells the hub.
#[derive(Debug)]
pub(super) struct Reader {
    redis: RedisSettings,
    hub: Arc<Hub>,
    history: History,
    clock: Clock,
}

impl Reader {
    /// `history` can be asked as long as Redis is there.
    pub(super) fn new(redis: RedisSettings, hub: Arc<Hub>, history: History, clock: Clock) -> Self {
        Self {
            redis,
            hub,
            history,
            clock,
        }
    }

    /// For ever: when Redis is away it goes on from where it was.
    pub(super) async fn run(self) {
        loop {
            if let Err(error) = self.follow().await {
                tracing::warn!(%error, "the streams can't be read; trying again");
            }
            self.history.close();
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn follow(&self) -> anyhow::Result<()> {
        let keys = STREAMS.map(|stream| self.redis.key(stream));
        let mut tail = Tail::open(&self.redis, keys.clone(), BLOCK).await?;
        // Another connection: what is asked there must not wait for what is held back here.
        let mut past = Past::new(self.redis.connect().await?, keys);
        let mut places = self.places(&mut past).await?;
        self.history.open(past.clone());
        let mut looked = Instant::now();
        loop {
            let read = tail.next(places, COUNT).await?;
            let now = self.clock.now();
            for seen in &read.entries {
                self.hub.hear(seen, now);
            }
            self.hub.heard(read.upto);
            places = read.upto;
            if looked.elapsed() >= LOOK {
                places = self.places(&mut past).await?;
                looked = Instant::now();
            }
        }
    }

    /// Where to go on: where it was, or at the end when something has gone that was not read.
    async fn places(&self, past: &mut Past<3>) -> anyhow::Result<Places<3>> {
        if let Some(positions) = self.hub.positions() {
            if past.has_all_since(positions.0).await? {
                return Ok(positions.0);
            }
            tracing::warn!(%positions, "Redis lost what was not read yet; beginning anew");
        }
        let ends = past.ends().await?;
        self.hub.begin(ends, self.clock.now());
        Ok(ends)
    }
}
