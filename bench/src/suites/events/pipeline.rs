//! A publisher, a relay and a listener, with the times of what goes through.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::AsyncPgConnection;
use hdrhistogram::Histogram;
use things::{Thing, ThingEvent};
use ticketing_contracts::ids::EventId;
use ticketing_messaging::{
    Delivery, Envelope, Wake,
    consumer::{Effect, Failure},
    dead_letter::Letter,
    inbox::{Handler, Inbox},
    outbox,
};
use ticketing_postgres::{Pool, prepared, tx};
use ticketing_runtime::Clock;

/// Notes that an event took effect, by one statement for all: the least that a listener does.
#[derive(Debug)]
pub struct Note;

impl Handler for Note {
    type Event = ThingEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<ThingEvent>],
    ) -> Result<(), Failure> {
        use diesel_async::RunQueryDsl;
        let ids: Vec<_> = batch.iter().map(|delivery| delivery.envelope.id).collect();
        prepared(
            "INSERT INTO effect (event_id, subject, version, weight) \
             SELECT id, id, 1, 1 FROM unnest({}) AS event (id)",
        )
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Takes the time when an effect is committed.
pub struct Timed {
    pub inbox: Inbox<Note>,
    pub figures: Arc<Figures>,
}

/// What is known of a run so far.
pub struct Figures {
    pub began: Instant,
    pub handled: AtomicU64,
    /// Microseconds from before the append to after the effect's commit.
    pub delays: Mutex<Histogram<u64>>,
}

impl Effect for Timed {
    type Event = ThingEvent;

    async fn apply(&self, batch: &[Delivery<ThingEvent>]) -> Result<(), Failure> {
        self.inbox.apply(batch).await?;
        let now = self.figures.now();
        let mut delays = self
            .figures
            .delays
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for delivery in batch {
            let ThingEvent::Changed(thing) = &delivery.event;
            _ = delays.record(now.saturating_sub(thing.weight.unsigned_abs()));
        }
        self.figures
            .handled
            .fetch_add(batch.len() as u64, Ordering::Release);
        Ok(())
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        self.inbox.bury(letter).await
    }
}

impl Figures {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub fn handled(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }

    pub async fn reach(&self, count: u64) {
        while self.handled() < count {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }

    pub fn percentile_ms(&self, percentile: f64) -> f64 {
        let delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "microseconds")]
        let micros = delays.value_at_percentile(percentile) as f64;
        micros / 1e3
    }

    pub fn forget_delays(&self) {
        self.delays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reset();
    }
}

/// A publisher, a relay and a listener.
pub struct Pipeline {
    pub pool: Pool,
    pub wake: Wake,
    pub clock: Clock,
    pub figures: Arc<Figures>,
}

impl Pipeline {
    /// Events that carry the moment they are about to be appended.
    fn events(&self, count: usize) -> anyhow::Result<Vec<Envelope>> {
        let now = self.clock.now();
        let weight = i64::try_from(self.figures.now())?;
        (0..count)
            .map(|_| {
                let id = EventId::new(now).0;
                let thing = Thing {
                    id,
                    version: 1,
                    weight,
                };
                Ok(Envelope::of(&ThingEvent::Changed(thing), now)?)
            })
            .collect()
    }

    pub async fn append(&self, count: usize) -> anyhow::Result<()> {
        let mut connection = self.pool.get().await?;
        let events = self.events(count)?;
        tx::begin(&mut connection).await?;
        let appended = outbox::append_all(&connection, &events).await;
        tx::end(&mut connection, appended).await?;
        self.wake.committed();
        Ok(())
    }
}
