//! What an operator sees from outside, and the trace that an event belongs to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use things::{ThingEvent, listener};
use ticketing_contracts::events::Event;
use ticketing_messaging::{
    Delivery, Envelope, Stamp,
    consumer::{Consumer, ConsumerSettings, Failure},
    inbox::{Handler, Inbox},
    stream::{Appended, Journal},
};
use ticketing_runtime::telemetry::{metrics::Metrics, trace::TraceContext};
use ticketing_testkit::{ManualClock, eventually};
use tokio_util::sync::CancellationToken;

use crate::harness::World;

/// The one of the process: all tests write to it, so a test has names of its own.
fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics::install().unwrap())
}

/// Of a world's relay, and of a group that only this test has.
struct Series {
    stream: String,
    group: &'static str,
}

impl Series {
    fn new(world: &World, group: &'static str) -> Self {
        metrics();
        Self {
            stream: world.stream(),
            group,
        }
    }

    /// What the relay counts about its outbox.
    fn outbox(&self, name: &str) -> Option<f64> {
        value(name, &[("stream", &self.stream)])
    }

    /// What the relay sees of the group.
    fn group(&self, name: &str) -> Option<f64> {
        value(name, &[("stream", &self.stream), ("group", self.group)])
    }

    /// What the group's consumers count.
    fn consumer(&self, name: &str) -> Option<f64> {
        value(
            name,
            &[("stream", ThingEvent::STREAM), ("group", self.group)],
        )
    }
}

/// A series' value. The labels are all that it has.
fn value(name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let text = metrics().render();
    let expected: BTreeMap<_, _> = labels.iter().copied().collect();
    text.lines().find_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, labels) = match series.split_once('{') {
            Some((found, labels)) => (found, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        let labels: Option<BTreeMap<_, _>> = labels
            .split_terminator(',')
            .map(|label| {
                let (name, value) = label.split_once('=')?;
                Some((name, value.trim_matches('"')))
            })
            .collect();
        (found == name && labels? == expected).then(|| value.parse().unwrap())
    })
}

/// A stream that can't be written to. It seems to end where it should, so that nothing else is tried.
struct Stuck;

impl Journal for Stuck {
    async fn last(&mut self) -> anyhow::Result<Option<Stamp>> {
        Ok(None)
    }

    async fn append(&mut self, _: Stamp, _: &[(Stamp, Envelope)]) -> anyhow::Result<Appended> {
        Ok(Appended::Refused)
    }

    async fn go_on_from(&mut self, _: Stamp, _: Stamp) -> anyhow::Result<Appended> {
        Ok(Appended::Refused)
    }
}

fn consumer<H: Handler>(world: &World, group: &str, handler: H) -> Consumer<Inbox<H>> {
    let settings = ConsumerSettings {
        group: group.into(),
        ..world.consumer_settings("a")
    };
    let inbox = Inbox::new(world.pool.clone(), group, handler);
    Consumer::new(world.redis.clone(), settings, world.clock.clone(), inbox)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_outbox_is_counted_and_since_when() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let series = Series::new(&world, "listeners");
    world.change(&world.things(3)).await;
    clock.advance(TimeDelta::milliseconds(90_500));
    world.change(&world.things(4)).await;

    let relay = world.relay();
    let mut leader = relay.take_the_lead(|_, _| Stuck).await.unwrap().unwrap();
    let only_once = CancellationToken::new();
    only_once.cancel();
    leader.run(&only_once).await.unwrap();
    assert_eq!(series.outbox("messaging_outbox_depth"), Some(7.0));
    assert_eq!(series.outbox("messaging_outbox_age_seconds"), Some(90.5));
    assert_eq!(series.outbox("messaging_published_total"), None);

    drop(leader);
    world.look(&relay).await;
    assert_eq!(series.outbox("messaging_outbox_depth"), Some(0.0));
    assert_eq!(series.outbox("messaging_outbox_age_seconds"), Some(0.0));
    assert_eq!(series.outbox("messaging_published_total"), Some(7.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_counted() {
    let world = World::new().await;
    metrics();
    // All tests of the process share this one.
    let appended = || value("messaging_appended_total", &[]).unwrap_or_default();
    let before = appended();
    world.change(&world.things(1234)).await;
    assert!(appended() >= before + 1234.0);
}

/// A group that was given ten and has acknowledged four; one more group that is not there yet.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_has_not_read_and_not_acknowledged_is_counted() {
    let world = World::new().await;
    let series = Series::new(&world, "measured");
    let relay = world.relay().groups(["missing", "measured"]);
    world.change(&world.things(50)).await;
    world.look(&relay).await;
    let mut connection = world.connection().await;
    let stream = world.stream();
    redis::cmd("XGROUP")
        .arg(&["CREATE", &stream, "measured", "0"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    world.look(&relay).await;
    assert_eq!(series.group("messaging_group_lag"), Some(50.0));
    assert_eq!(series.group("messaging_group_pending"), Some(0.0));

    type Entries = Vec<(String, Vec<String>)>;
    let read: Vec<(String, Entries)> = redis::cmd("XREADGROUP")
        .arg(&[
            "GROUP", "measured", "a", "COUNT", "10", "STREAMS", &stream, ">",
        ])
        .query_async(&mut connection)
        .await
        .unwrap();
    let ids: Vec<_> = read[0].1.iter().take(4).map(|(id, _)| id).collect();
    redis::cmd("XACK")
        .arg(&[&stream, "measured"])
        .arg(ids)
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    world.look(&relay).await;
    assert_eq!(series.group("messaging_group_lag"), Some(40.0));
    assert_eq!(series.group("messaging_group_pending"), Some(6.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_events_is_counted() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let series = Series::new(&world, "counted");
    let relay = world.relay().groups(["counted"]);
    world.change(&world.things(30)).await;
    world.change_to(&[world.thing()], -1).await;
    world
        .sql
        .batch_execute(
            "INSERT INTO outbox (id, kind, subject, version, time, data) \
             SELECT gen_random_uuid(), 'thing:praised', gen_random_uuid(), 1, now(), '{}' \
             FROM generate_series(1, 2)",
        )
        .await
        .unwrap();
    world.look(&relay).await;
    // Some were given to this consumer before: it was restarted.
    let mut connection = world.connection().await;
    let stream = world.stream();
    redis::cmd("XGROUP")
        .arg(&["CREATE", &stream, "counted", "0"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    redis::cmd("XREADGROUP")
        .arg(&[
            "GROUP", "counted", "a", "COUNT", "7", "STREAMS", &stream, ">",
        ])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    clock.advance(TimeDelta::milliseconds(1_500));

    let consumer = consumer(&world, "counted", listener::Listener);
    let _consumer = world.start(|stop| consumer.run(stop));
    eventually("all are seen to", async || {
        world.look(&relay).await;
        let left =
            series.group("messaging_group_lag")? + series.group("messaging_group_pending")?;
        (left == 0.0).then_some(())
    })
    .await;
    assert_eq!(series.consumer("messaging_handled_total"), Some(30.0));
    assert_eq!(series.consumer("messaging_dead_letters_total"), Some(1.0));
    assert_eq!(series.consumer("messaging_skipped_total"), Some(2.0));
    assert_eq!(series.consumer("messaging_redelivered_total"), Some(7.0));
    assert_eq!(series.outbox("messaging_published_total"), Some(33.0));
    // One and a half seconds each.
    let seconds = "messaging_publish_to_handled_seconds";
    let count = series.consumer(&format!("{seconds}_count"));
    assert_eq!(count, Some(30.0));
    let sum = series.consumer(&format!("{seconds}_sum")).unwrap();
    assert!((sum - 45.0).abs() < 1e-6, "{sum}");
    let within = |bound| {
        let labels = [("stream", "things"), ("group", "counted"), ("le", bound)];
        value(&format!("{seconds}_bucket"), &labels)
    };
    assert_eq!((within("1"), within("2.5")), (Some(0.0), Some(30.0)));
}

const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// How many events a handler was given at once, and in which trace.
type Given = (usize, Option<TraceContext>);

#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<Given>>>);

impl Handler for Traced {
    type Event = ThingEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<ThingEvent>],
    ) -> Result<(), Failure> {
        let current = TraceContext::current();
        self.0.lock().unwrap().push((batch.len(), current));
        listener::note(connection, batch).await
    }
}

/// What is in the stream under that name, entry by entry.
async fn field(world: &World, name: &str) -> Vec<String> {
    let mut connection = world.connection().await;
    let entries: Vec<(String, BTreeMap<String, String>)> = redis::cmd("XRANGE")
        .arg(&[&world.stream(), "-", "+"])
        .query_async(&mut connection)
        .await
        .unwrap();
    entries
        .into_iter()
        .map(|(_, fields)| fields[name].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_brings_its_trace_to_its_handler() {
    let world = World::new().await;
    let trace: TraceContext = HEADER.parse().unwrap();
    trace.scope(world.change(&[world.thing()])).await;
    let relay = world.relay();
    world.look(&relay).await;
    assert_eq!(field(&world, "traceparent").await, [HEADER]);

    let traced = Traced::default();
    let consumer = consumer(&world, "listeners", traced.clone());
    let _consumer = world.start(|stop| consumer.run(stop));
    world.settled().await;
    let seen = traced.0.lock().unwrap().clone();
    let [(1, Some(seen))] = seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(seen.trace_id(), trace.trace_id());
}

/// A trace can be that of one event only.
#[tokio::test(flavor = "multi_thread")]
async fn several_events_at_once_are_handled_in_a_trace_of_their_own() {
    let world = World::new().await;
    let trace: TraceContext = HEADER.parse().unwrap();
    trace.scope(world.change(&world.things(5))).await;
    world.change(&world.things(5)).await;
    world.look(&world.relay()).await;
    let mut expected = vec![HEADER; 5];
    expected.extend([""; 5]);
    assert_eq!(field(&world, "traceparent").await, expected);

    let traced = Traced::default();
    let consumer = consumer(&world, "listeners", traced.clone());
    let _consumer = world.start(|stop| consumer.run(stop));
    world.settled().await;
    let seen = traced.0.lock().unwrap().clone();
    let [(10, Some(seen))] = seen[..] else {
        panic!("{seen:?}")
    };
    assert_ne!(seen.trace_id(), trace.trace_id());
}
