//! Random schedules of everything that can happen, against what must be true.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use redis::aio::MultiplexedConnection;
use things::GROUP;
use ticketing_messaging::{
    relay::{Leader, Relay},
    stream::Fenced,
};
use ticketing_postgres::errors::connection_lost;
use ticketing_testkit::eventually;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::harness::World;

/// Each takes a second or so: a schema of its own, and real engines.
const CASES: u32 = 24;

#[derive(Debug, Clone)]
enum Step {
    /// Changes this many things in one transaction.
    Publish(usize),
    /// The relay publishes this many batches; it takes the lead if it has to.
    Relay(usize),
    /// It trims and notes what is acknowledged.
    Tend,
    /// It dies; what it knew is gone.
    CrashRelay,
    /// Another relay appends a batch and dies before it stamps.
    AppendWithoutStamp,
    /// The listener handles all there is.
    Listen,
    /// The group is given everything once more.
    Redeliver,
    /// The group is removed by hand.
    RemoveGroup,
    /// Redis writes down what it has …
    Save,
    /// … and is restarted with that: everything since is lost.
    LoseTail,
    /// Redis is restarted empty.
    Wipe,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40_usize).prop_map(Step::Publish),
        4 => (1..4_usize).prop_map(Step::Relay),
        2 => Just(Step::Tend),
        1 => Just(Step::CrashRelay),
        1 => Just(Step::AppendWithoutStamp),
        3 => Just(Step::Listen),
        1 => Just(Step::Redeliver),
        1 => Just(Step::RemoveGroup),
        2 => Just(Step::Save),
        1 => Just(Step::LoseTail),
        1 => Just(Step::Wipe),
    ]
}

/// Whether its session ended, because the schedule went on elsewhere for too long, or Redis did not answer
/// in time. No schedule says so, but a machine that is busy may.
fn is_cut_off(error: &anyhow::Error) -> bool {
    let database = error.downcast_ref::<diesel::result::Error>();
    let redis = error.downcast_ref::<redis::RedisError>();
    database.is_some_and(connection_lost) || redis.is_some_and(redis::RedisError::is_io_error)
}

struct Run {
    world: World,
    relay: Relay,
    leader: Option<Leader<Fenced>>,
    things: Vec<Uuid>,
    connection: MultiplexedConnection,
    /// The stream as Redis wrote it down; `None`: it was not there.
    saved: Option<Vec<u8>>,
}

impl Run {
    async fn new() -> Self {
        let world = World::new().await;
        Self {
            // Small batches, so that schedules cut through them; nothing is kept for its age.
            relay: world.relay().batch(7).keep(std::time::Duration::ZERO),
            leader: None,
            things: world.things(40),
            connection: world.connection().await,
            saved: None,
            world,
        }
    }

    async fn leader(&mut self) -> &mut Leader<Fenced> {
        if self.leader.is_none() {
            let relay = &self.relay;
            // Postgres needs a moment to see that the one before is gone.
            let leader = eventually("the lead is free", async || {
                relay.take_the_lead(Fenced::new).await.unwrap()
            });
            self.leader = Some(leader.await);
        }
        self.leader.as_mut().unwrap()
    }

    /// What only the leader can do. One that is cut off leads no longer, and another one does it.
    async fn lead<T>(&mut self, work: impl AsyncFn(&mut Leader<Fenced>) -> anyhow::Result<T>) -> T {
        eventually("a leader is not cut off", async || {
            let done = work(self.leader().await).await;
            if let Err(error) = &done {
                assert!(is_cut_off(error), "{error:#}");
                self.leader = None;
            }
            done.ok()
        })
        .await
    }

    async fn publish(&mut self) -> usize {
        self.lead(async |leader| leader.publish().await).await
    }

    async fn redis(&mut self, command: &[&str]) -> redis::Value {
        let mut call = redis::cmd(command[0]);
        call.arg(&command[1..]);
        // A group or a stream that is not there is a part of the schedule.
        call.query_async(&mut self.connection)
            .await
            .unwrap_or(redis::Value::Nil)
    }

    async fn take(&mut self, step: &Step) {
        let stream = self.world.stream();
        match step {
            Step::Publish(count) => {
                let things = self.things[..*count].to_vec();
                self.world.change(&things).await;
            }
            Step::Relay(batches) => {
                for _ in 0..*batches {
                    self.publish().await;
                }
            }
            Step::Tend => self.lead(async |leader| leader.tend().await).await,
            Step::CrashRelay => self.leader = None,
            Step::AppendWithoutStamp => self.append_without_stamp().await,
            Step::Listen => {
                let settings = self.world.consumer_settings("a");
                self.world.consumer(settings).catch_up().await.unwrap();
            }
            Step::Redeliver => _ = self.redis(&["XGROUP", "SETID", &stream, GROUP, "0"]).await,
            Step::RemoveGroup => _ = self.redis(&["XGROUP", "DESTROY", &stream, GROUP]).await,
            Step::Save => {
                self.saved = match self.redis(&["DUMP", &stream]).await {
                    redis::Value::BulkString(dump) => Some(dump),
                    _ => None,
                }
            }
            Step::LoseTail => match self.saved.clone() {
                Some(dump) => redis::cmd("RESTORE")
                    .arg(&stream)
                    .arg(0)
                    .arg(dump)
                    .arg("REPLACE")
                    .query_async::<()>(&mut self.connection)
                    .await
                    .unwrap(),
                None => _ = self.redis(&["DEL", &stream]).await,
            },
            Step::Wipe => {
                self.redis(&["DEL", &stream]).await;
                self.saved = None;
            }
        }
    }

    /// The entries are there, the rows' stamps are not: as after a kill between the two. Of two batches
    /// at the most: one is appended while the one before is stamped.
    async fn append_without_stamp(&mut self) {
        self.publish().await;
        self.leader = None;
        let undo = "UPDATE outbox SET stamp = NULL WHERE stamp IN \
                    (SELECT stamp FROM outbox WHERE stamp IS NOT NULL ORDER BY stamp DESC LIMIT 14) \
                    AND stamp > (SELECT acked FROM outbox_position)";
        self.world.sql.batch_execute(undo).await.unwrap();
    }

    /// What must be true at every moment.
    async fn check(&self) {
        let twice = "SELECT count(*) - count(DISTINCT event_id) FROM effect";
        assert_eq!(
            self.world.number(twice).await,
            0,
            "an effect took place twice"
        );
        assert_eq!(self.world.regressions().await, 0, "a copy went back");
    }

    /// And in the end, when nothing happens any more.
    async fn finish(mut self) {
        while self.publish().await > 0 {}
        // A stream that was brought in step may have rows behind it.
        while self.publish().await > 0 {}
        let settings = self.world.consumer_settings("a");
        self.world.consumer(settings).catch_up().await.unwrap();
        self.world.settled().await;
    }
}

#[test]
fn whatever_happens_every_event_takes_effect_once() {
    let runtime = Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        // The seed is printed with the failure; a file of them would be of this machine's timing.
        failure_persistence: None,
        max_shrink_iters: 8,
        ..Config::default()
    });
    runner
        .run(&prop::collection::vec(step(), 5..40), |schedule| {
            runtime.block_on(async {
                let mut run = Run::new().await;
                for step in &schedule {
                    run.take(step).await;
                    run.check().await;
                }
                run.finish().await;
            });
            Ok(())
        })
        .unwrap();
}
