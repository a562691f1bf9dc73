//! Deadlines in Redis, and the events that tell of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use redis::aio::MultiplexedConnection;
use rstest::rstest;
use ticketing_contracts::{
    events::{Event, ExpirationEvent, expirations::ExpirationComplete},
    ids::OrderId,
};
use ticketing_messaging::{
    Delivery,
    connection::RedisSettings,
    consumer::{Consumer, ConsumerSettings, Effect, Failure},
    dead_letter::Letter,
    schedule::{Deadline, Due, Schedule, pause},
};
use ticketing_testkit::{ManualClock, Redis, connect_patiently, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Orders' deadlines, as expiration keeps them.
struct Deadlines {
    schedule: Schedule,
    redis: RedisSettings,
    connection: MultiplexedConnection,
}

impl Deadlines {
    async fn new() -> Self {
        Self::on(Redis::shared()).await
    }

    async fn on(redis: &Redis) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let redis = RedisSettings {
            url: redis.url(),
            password: None,
            prefix: format!("s{}:", NEXT.fetch_add(1, Ordering::Relaxed)),
        };
        let schedule = Schedule {
            key: redis.key("deadlines"),
            stream: redis.key(ExpirationEvent::STREAM),
            kind: "expiration:complete",
            fields: ["orderId", "releaseAt"],
        };
        Self {
            connection: connect_patiently(&redis.url).await,
            schedule,
            redis,
        }
    }

    async fn add(&mut self, deadlines: &[Deadline]) {
        let connection = &mut self.connection;
        self.schedule.add(connection, deadlines).await.unwrap();
    }

    async fn cancel(&mut self, deadlines: &[Deadline]) {
        let connection = &mut self.connection;
        self.schedule.cancel(connection, deadlines).await.unwrap();
    }

    async fn publish_due(
        &mut self,
        now: DateTime<Utc>,
        limit: usize,
    ) -> (u64, Option<DateTime<Utc>>) {
        let connection = &mut self.connection;
        let due = self.schedule.publish_due(connection, now, limit).await;
        let Due { published, next } = due.unwrap();
        assert!(published.is_sorted() && published.iter().all(|at| *at <= now));
        (published.len() as u64, next)
    }

    /// All entries, each with its fields in their order.
    async fn entries(&mut self) -> Vec<Vec<(String, String)>> {
        let entries: Vec<(String, Vec<(String, String)>)> = redis::cmd("XRANGE")
            .arg(&[&self.schedule.stream, "-", "+"])
            .query_async(&mut self.connection)
            .await
            .unwrap();
        entries.into_iter().map(|(_, fields)| fields).collect()
    }

    /// What was published, in its order.
    async fn fired(&mut self) -> Vec<Deadline> {
        let entries = self.entries().await;
        entries.into_iter().map(deadline).collect()
    }
}

/// As a listener reads it.
fn deadline(fields: Vec<(String, String)>) -> Deadline {
    let fields: BTreeMap<_, _> = fields.into_iter().collect();
    let event = ExpirationEvent::decode(&fields["type"], &fields["data"]).unwrap();
    assert_eq!(event.subject().to_string(), fields["subject"]);
    assert_eq!(event.version().to_string(), fields["version"]);
    let ExpirationEvent::Complete(complete) = event;
    Deadline {
        id: complete.order_id.0,
        at: complete.release_at,
    }
}

fn noon() -> DateTime<Utc> {
    at("2026-11-21T12:00:00Z")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// `count` of different orders, a millisecond apart from `first` on.
fn deadlines(first: DateTime<Utc>, count: i32) -> Vec<Deadline> {
    let made = |i| Deadline {
        id: OrderId::new(noon()).0,
        at: first + MILLISECOND * i,
    };
    (0..count).map(made).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_fires_when_its_time_has_come_and_not_before() {
    let mut world = Deadlines::new().await;
    assert_eq!(world.publish_due(noon(), 10).await, (0, None));
    let [only] = deadlines(noon(), 1)[..] else {
        unreachable!()
    };
    world.add(&[only]).await;
    let early = world.publish_due(noon() - MILLISECOND, 10).await;
    assert_eq!(early, (0, Some(noon())));
    assert!(world.entries().await.is_empty());
    assert_eq!(world.publish_due(noon(), 10).await, (1, None));
    assert_eq!(world.publish_due(noon(), 10).await, (0, None));
    assert_eq!(world.fired().await, [only]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_comes_in_the_order_of_the_deadlines_a_limited_number_at_once() {
    let mut world = Deadlines::new().await;
    let deadlines = deadlines(noon(), 20);
    let mut shuffled = deadlines.clone();
    shuffled.sort_by_key(|deadline| deadline.id.as_u128().reverse_bits());
    world.add(&shuffled[..11]).await;
    world.add(&shuffled[11..]).await;
    // The last three are not due.
    let now = deadlines[16].at;
    assert_eq!(world.publish_due(now, 0).await, (0, Some(noon())));
    assert_eq!(world.publish_due(now, 7).await, (7, Some(deadlines[7].at)));
    assert_eq!(world.fired().await, deadlines[..7]);
    assert_eq!(world.publish_due(now, 7).await, (7, Some(deadlines[14].at)));
    assert_eq!(world.publish_due(now, 7).await, (3, Some(deadlines[17].at)));
    assert_eq!(world.publish_due(now, 7).await, (0, Some(deadlines[17].at)));
    assert_eq!(world.fired().await, deadlines[..17]);
}

/// More than what Lua can unpack at once.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_at_once() {
    let mut world = Deadlines::new().await;
    let deadlines = deadlines(noon(), 10_500);
    world.add(&deadlines).await;
    let now = noon() + TimeDelta::minutes(1);
    assert_eq!(
        world.publish_due(now, 10_000).await,
        (10_000, Some(deadlines[10_000].at))
    );
    assert_eq!(world.publish_due(now, 10_000).await, (500, None));
    assert_eq!(world.fired().await, deadlines);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_that_look_each_fires_once() {
    let mut world = Deadlines::new().await;
    let deadlines = deadlines(noon(), 3000);
    world.add(&deadlines).await;
    let now = noon() + TimeDelta::minutes(1);
    let takers = (0..8).map(|_| {
        let (schedule, redis) = (world.schedule.clone(), world.redis.clone());
        tokio::spawn(async move {
            let mut connection = connect_patiently(&redis.url).await;
            let mut taken = 0;
            loop {
                let due = schedule.publish_due(&mut connection, now, 17).await;
                match due.unwrap().published.len() {
                    0 => return taken,
                    some => taken += some,
                }
            }
        })
    });
    let taken = join_all(takers).await;
    assert_eq!(taken.into_iter().map(Result::unwrap).sum::<usize>(), 3000);
    assert_eq!(world.fired().await, deadlines);
    let entries = world.entries().await;
    let ids: BTreeSet<_> = entries.iter().map(|fields| &fields[0].1).collect();
    assert_eq!(ids.len(), 3000, "each is an event of its own");
}

/// A deadline that was moved fires at both times; the listener knows by the deadline which one holds.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_can_have_several_deadlines() {
    let mut world = Deadlines::new().await;
    let id = OrderId::new(noon()).0;
    let [first, second, third] = [0, 5, 9].map(|minutes| Deadline {
        id,
        at: noon() + TimeDelta::minutes(minutes),
    });
    world.add(&[second, first]).await;
    // Once more, and again later, as a repeated event would.
    world.add(&[first, third]).await;
    world.add(&[third]).await;
    assert_eq!(world.publish_due(first.at, 9).await, (1, Some(second.at)));
    world.cancel(&[second]).await;
    assert_eq!(world.publish_due(second.at, 9).await, (0, Some(third.at)));
    assert_eq!(world.publish_due(third.at, 9).await, (1, None));
    assert_eq!(world.fired().await, [first, third]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_does_not_fire() {
    let mut world = Deadlines::new().await;
    let deadlines = deadlines(noon(), 10);
    world.add(&deadlines).await;
    let (cancelled, left) = deadlines.split_at(4);
    world.cancel(cancelled).await;
    // Of what was cancelled, has fired, or never was.
    world.cancel(cancelled).await;
    let now = deadlines[9].at;
    assert_eq!(world.publish_due(now, 99).await, (6, None));
    world.cancel(&deadlines).await;
    world.cancel(&self::deadlines(noon(), 1)).await;
    assert_eq!(world.fired().await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_add_or_to_cancel_is_no_error() {
    let mut world = Deadlines::new().await;
    world.add(&[]).await;
    world.cancel(&[]).await;
    assert_eq!(world.publish_due(noon(), 1).await, (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_is_the_contracts_event() {
    let mut world = Deadlines::new().await;
    let id: Uuid = "018bcfe5-687b-7000-8000-000000000002".parse().unwrap();
    let deadline = Deadline {
        id,
        at: at("2026-11-21T15:33:41Z"),
    };
    world.add(&[deadline]).await;
    let now = at("2026-11-21T15:33:42.25Z");
    assert_eq!(world.publish_due(now, 9).await, (1, None));
    let entries = world.entries().await;
    let [fields] = &entries[..] else {
        panic!("{entries:?}")
    };
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let [("id", event), rest @ ..] = &fields[..] else {
        panic!("{fields:?}")
    };
    let text = r#"{"orderId":"018bcfe5-687b-7000-8000-000000000002","releaseAt":"2026-11-21T15:33:41.000Z"}"#;
    let expected = [
        ("type", "expiration:complete"),
        ("subject", "018bcfe5-687b-7000-8000-000000000002"),
        ("version", "1795275221000"),
        ("time", "2026-11-21T15:33:42.250Z"),
        ("traceparent", ""),
        ("data", text),
    ];
    assert_eq!(rest, expected);

    let event: Uuid = event.parse().unwrap();
    assert_eq!(event.get_version_num(), 7);
    let made = event.get_timestamp().unwrap().to_unix();
    assert_eq!(made, (1_795_275_222, 250_000_000));
    let complete = ExpirationComplete {
        order_id: OrderId(id),
        release_at: deadline.at,
    };
    let decoded = ExpirationEvent::decode("expiration:complete", text).unwrap();
    assert_eq!(decoded, ExpirationEvent::Complete(complete));
}

/// Whole milliseconds are kept, whatever the time.
#[rstest]
#[case("2026-11-21T15:33:41.001Z")]
#[case("2026-11-21T15:33:41.999Z")]
#[case("1970-01-01T00:00:00.000Z")]
#[case("1969-07-20T20:17:40.123Z")]
#[case("2200-02-28T23:59:59.999Z")]
#[case("9999-12-31T23:59:59.999Z")]
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_stays_what_it_is(#[case] text: &str) {
    let mut world = Deadlines::new().await;
    let deadline = Deadline {
        id: OrderId::new(noon()).0,
        at: at(text),
    };
    world.add(&[deadline]).await;
    let before = deadline.at - MILLISECOND;
    let waits = (0, Some(deadline.at));
    assert_eq!(world.publish_due(before, 1).await, waits);
    assert_eq!(world.publish_due(deadline.at, 0).await, waits);
    assert_eq!(world.publish_due(deadline.at, 1).await, (1, None));
    assert_eq!(world.fired().await, [deadline]);
}

/// It has been restarted: it does not know the script.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_has_forgotten_the_script_is_taught_it_again() {
    let redis = Redis::start().unwrap();
    let mut world = Deadlines::on(&redis).await;
    let deadlines = deadlines(noon(), 3);
    world.add(&deadlines).await;
    for deadline in &deadlines {
        assert_eq!(world.publish_due(deadline.at, 9).await.0, 1);
        redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async::<()>(&mut world.connection)
            .await
            .unwrap();
    }
    assert_eq!(world.fired().await, deadlines);
}

/// What can't be published is not taken out.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_can_not_be_written_to_loses_no_deadline() {
    let mut world = Deadlines::new().await;
    let deadlines = deadlines(noon(), 3);
    world.add(&deadlines).await;
    let stream = world.schedule.stream.clone();
    redis::cmd("SET")
        .arg(&[&stream, "no stream"])
        .query_async::<()>(&mut world.connection)
        .await
        .unwrap();
    let now = noon() + TimeDelta::minutes(1);
    let refused = world
        .schedule
        .publish_due(&mut world.connection, now, 9)
        .await;
    assert!(refused.unwrap_err().to_string().contains("WRONGTYPE"));
    redis::cmd("DEL")
        .arg(&stream)
        .query_async::<()>(&mut world.connection)
        .await
        .unwrap();
    assert_eq!(world.publish_due(now, 9).await, (3, None));
    assert_eq!(world.fired().await, deadlines);
}

#[rstest]
#[case::nothing_is_left(None, 60_000)]
#[case::in_time(Some(1500), 1500)]
#[case::due_now(Some(0), 0)]
#[case::overdue(Some(-5000), 0)]
#[case::far_away(Some(86_400_000), 60_000)]
fn it_sleeps_until(#[case] next: Option<i64>, #[case] millis: u64) {
    let next = next.map(|after| noon() + MILLISECOND * i32::try_from(after).unwrap());
    let longest = Duration::from_secs(60);
    assert_eq!(pause(noon(), next, longest), Duration::from_millis(millis));
}

/// What a listener is given.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<Delivery<ExpirationEvent>>>>);

impl Effect for Heard {
    type Event = ExpirationEvent;

    async fn apply(&self, batch: &[Delivery<ExpirationEvent>]) -> Result<(), Failure> {
        self.0.lock().unwrap().extend_from_slice(batch);
        Ok(())
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        panic!("{letter:?}")
    }
}

/// The way that expiration and orders go: sleep until the next deadline, publish, listen.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_of_every_deadline() {
    let mut world = Deadlines::new().await;
    let clock = ManualClock::now();
    let deadlines = deadlines(clock.clock().now() + TimeDelta::minutes(15), 50);
    world.add(&deadlines).await;
    let heard = Heard::default();
    let settings = ConsumerSettings {
        block: Duration::from_millis(50),
        ..ConsumerSettings::new("orders", "a")
    };
    let consumer = Consumer::new(world.redis.clone(), settings, clock.clock(), heard.clone());
    let stop = CancellationToken::new();
    let listening = tokio::spawn(consumer.run(stop.clone()));
    let mut published = 0;
    while published < 50 {
        let now = clock.clock().now();
        let (some, next) = world.publish_due(now, 7).await;
        published += some;
        let sleep = pause(now, next, Duration::from_secs(60));
        clock.advance(TimeDelta::from_std(sleep).unwrap());
    }
    eventually("all are heard of", async || {
        (heard.0.lock().unwrap().len() == 50).then_some(())
    })
    .await;
    stop.cancel();
    listening.await.unwrap();
    let heard = heard.0.lock().unwrap();
    let ids: BTreeSet<_> = heard.iter().map(|delivery| delivery.envelope.id).collect();
    assert_eq!(ids.len(), 50);
    for (delivery, deadline) in heard.iter().zip(&deadlines) {
        let ExpirationEvent::Complete(complete) = &delivery.event;
        assert_eq!(
            (complete.order_id.0, complete.release_at),
            (deadline.id, deadline.at)
        );
        assert!(delivery.envelope.time >= deadline.at, "it fired early");
        assert_eq!(delivery.envelope.trace, None);
    }
}
