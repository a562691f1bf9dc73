//! Negative controls: with one protection taken out, the same scenario must come out wrong, or the
//! tests that count would count nothing.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::AsyncPgConnection;
use redis::aio::MultiplexedConnection;
use things::{GROUP, ThingEvent, listener::Listener};
use ticketing_messaging::{
    Delivery, Envelope, Stamp,
    consumer::{Consumer, Effect, Failure},
    dead_letter::Letter,
    inbox::{Handler, Inbox},
    stream::{Appended, Fenced, Journal},
};
use ticketing_postgres::{Pool, tx};
use ticketing_testkit::{Redis, TestDatabase, eventually};
use tokio_util::sync::CancellationToken;

use crate::harness::{Running, World};

type Batch = [Delivery<ThingEvent>];

/// A pool that is dropped with what uses it, so that no session outlives what is killed.
fn pool(world: &World) -> Pool {
    Pool::new(&world.settings).unwrap()
}

fn inbox(world: &World) -> Inbox<Listener> {
    Inbox::new(pool(world), GROUP, Listener)
}

fn no_inbox<H>(world: &World, handler: H) -> NoInbox<H> {
    NoInbox {
        pool: pool(world),
        handler,
    }
}

fn listen(world: &World, effect: impl Effect<Event = ThingEvent>) -> Running {
    let mut settings = world.consumer_settings("a");
    settings.batch = 10;
    let consumer = Consumer::new(world.redis.clone(), settings, world.clock.clone(), effect);
    world.start(|stop| consumer.run(stop))
}

/// Waits until the group has been given all there is, and has acknowledged it.
async fn all_is_acknowledged(world: &World) {
    let mut connection = world.connection().await;
    let script = redis::Script::new(
        "local facts = function(list) local t = {} \
           for i = 1, #list, 2 do t[list[i]] = list[i + 1] end return t end \
         local stream = facts(redis.call('XINFO', 'STREAM', KEYS[1])) \
         local group = facts(redis.call('XINFO', 'GROUPS', KEYS[1])[1] or {}) \
         return group['last-delivered-id'] == stream['last-generated-id'] and group.pending == 0",
    );
    eventually("all is acknowledged", async || {
        let all: Option<bool> = script
            .key(world.stream())
            .invoke_async(&mut connection)
            .await
            .ok()?;
        all.filter(|all| *all).map(drop)
    })
    .await;
}

// 1. The inbox.

/// Lets events take effect as often as they come.
struct NoInbox<H> {
    pool: Pool,
    handler: H,
}

impl<H: Handler<Event = ThingEvent>> Effect for NoInbox<H> {
    type Event = ThingEvent;

    async fn apply(&self, batch: &Batch) -> Result<(), Failure> {
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let batch: Vec<_> = batch.iter().collect();
        let handled = self.handler.handle(&mut connection, &batch).await;
        tx::end(&mut connection, handled).await
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        panic!("{letter:?}")
    }
}

/// Everything is delivered once more: somebody removes the group, and it begins with the first entry
/// again.
async fn everything_comes_twice(world: &World, effect: impl Effect<Event = ThingEvent>) {
    let _relay = world.start_relay();
    let _listener = listen(world, effect);
    let things = world.things(10);
    for _ in 0..10 {
        world.change(&things).await;
    }
    world.published().await;
    all_is_acknowledged(world).await;
    let mut connection = world.connection().await;
    redis::cmd("XGROUP")
        .arg("DESTROY")
        .arg(world.stream())
        .arg(GROUP)
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    all_is_acknowledged(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_a_repeat_takes_effect_twice() {
    let world = World::new().await;
    everything_comes_twice(&world, inbox(&world)).await;
    world.settled().await;

    let world = World::new().await;
    everything_comes_twice(&world, no_inbox(&world, Listener)).await;
    assert_eq!((world.sent().await, world.effects().await), (100, 200));
    // The copies know versions.
    assert_eq!(world.regressions().await, 0);
}

/// The effect is committed, and Redis refuses the acknowledgement for a while.
async fn no_acknowledgement_gets_through(world: &World, effect: impl Effect<Event = ThingEvent>) {
    let mut connection = world.connection().await;
    let mut allow = async |what: &str| {
        redis::cmd("ACL")
            .arg(&["SETUSER", "default", what])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    };
    let _relay = world.start_relay();
    allow("-xack").await;
    let _listener = listen(world, effect);
    world.change(&world.things(10)).await;
    eventually("the effects are committed", async || {
        (world.effects().await >= 10).then_some(())
    })
    .await;
    eventually("it has been tried again", async || {
        let refused: String = redis::cmd("INFO")
            .arg("commandstats")
            .query_async(&mut world.connection().await)
            .await
            .unwrap();
        let xack = refused
            .lines()
            .find(|line| line.starts_with("cmdstat_xack:"))?;
        let count = xack.split("rejected_calls=").nth(1)?.split(',').next()?;
        (count.parse::<u32>().unwrap() >= 3).then_some(())
    })
    .await;
    allow("+xack").await;
    all_is_acknowledged(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_a_lost_acknowledgement_is_a_second_effect() {
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    no_acknowledgement_gets_through(&world, inbox(&world)).await;
    world.settled().await;

    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    no_acknowledgement_gets_through(&world, no_inbox(&world, Listener)).await;
    assert!(world.effects().await > world.sent().await);
}

// 2. The fence.

/// What a relay without a fence knows of the stream: what it appended last, and how often it was asked.
#[derive(Default)]
struct Belief {
    last: AtomicI64,
    asked: AtomicUsize,
}

/// Believes that the stream has everything it was ever given.
struct Unfenced {
    connection: MultiplexedConnection,
    key: String,
    belief: Arc<Belief>,
}

impl Journal for Unfenced {
    async fn last(&mut self) -> anyhow::Result<Option<Stamp>> {
        self.belief.asked.fetch_add(1, Ordering::SeqCst);
        let last = self.belief.last.load(Ordering::SeqCst);
        Ok((last > 0).then_some(Stamp::from_number(last)))
    }

    async fn append(
        &mut self,
        _expected: Stamp,
        entries: &[(Stamp, Envelope)],
    ) -> anyhow::Result<Appended> {
        let mut pipe = redis::pipe();
        for (stamp, event) in entries {
            pipe.cmd("XADD")
                .arg(&self.key)
                .arg(stamp.to_string())
                .arg(&fields(event))
                .ignore();
        }
        pipe.query_async::<()>(&mut self.connection).await?;
        if let Some((stamp, _)) = entries.last() {
            self.belief.last.store(stamp.number(), Ordering::SeqCst);
        }
        Ok(Appended::All)
    }

    async fn go_on_from(&mut self, _expected: Stamp, _at: Stamp) -> anyhow::Result<Appended> {
        Ok(Appended::All)
    }
}

fn fields(event: &Envelope) -> [(&'static str, String); 7] {
    [
        ("id", event.id.to_string()),
        ("type", event.kind.clone()),
        ("subject", event.subject.to_string()),
        ("version", event.version.to_string()),
        ("time", event.time.to_rfc3339()),
        ("traceparent", String::new()),
        ("data", event.data.clone()),
    ]
}

/// Redis loses the second hundred of three before anybody has read it.
async fn a_tail_is_lost<J: Journal + 'static>(
    world: &World,
    redis: &Redis,
    journal: impl Fn(MultiplexedConnection, String) -> J + Send + Sync + 'static,
) {
    let relay = world.relay();
    world.start(|stop| async move { relay.lead_by(journal, &stop).await });
    world.change(&world.things(100)).await;
    world.published().await;
    let kept = redis.aof_len().unwrap();
    world.change(&world.things(100)).await;
    world.published().await;
    redis.crash().unwrap();
    redis.lose_tail(kept).unwrap();
    redis.start_again().unwrap();
    world.change(&world.things(100)).await;
    world.published().await;
    listen(world, inbox(world));
    all_is_acknowledged(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fence_a_lost_tail_is_lost_for_good() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    a_tail_is_lost(&world, &redis, Fenced::new).await;
    world.settled().await;

    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let belief = Arc::<Belief>::default();
    let unfenced = {
        let belief = Arc::clone(&belief);
        move |connection, key| Unfenced {
            connection,
            key,
            belief: Arc::clone(&belief),
        }
    };
    a_tail_is_lost(&world, &redis, unfenced).await;
    // It has nothing to do, and sees nothing wrong, however often it looks.
    let asked = belief.asked.load(Ordering::SeqCst);
    eventually("the relay has looked again", async || {
        (belief.asked.load(Ordering::SeqCst) > asked + 2).then_some(())
    })
    .await;
    world.published().await;
    all_is_acknowledged(&world).await;
    assert_eq!((world.sent().await, world.effects().await), (300, 200));
}

// 3. The commit before the acknowledgement.

/// Says that it is done, and then does it.
struct Hasty {
    inbox: Arc<Inbox<Listener>>,
    killed: CancellationToken,
}

impl Effect for Hasty {
    type Event = ThingEvent;

    async fn apply(&self, batch: &Batch) -> Result<(), Failure> {
        let (inbox, killed, batch) = (self.inbox.clone(), self.killed.clone(), batch.to_vec());
        tokio::spawn(killed.run_until_cancelled_owned(async move { inbox.apply(&batch).await }));
        Ok(())
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        panic!("{letter:?}")
    }
}

/// The listener is killed in the middle of its work, and another one takes its place.
async fn killed_at_work(
    world: &World,
    effect: impl Effect<Event = ThingEvent>,
    hasty: Option<CancellationToken>,
) {
    world.start_relay();
    let lock = world.database.superuser().await;
    lock.batch_execute("BEGIN; LOCK TABLE effect")
        .await
        .unwrap();
    let listener = listen(world, effect);
    world.change(&world.things(10)).await;
    eventually("the handler is at work", async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'effect'::regclass \
                       AND NOT granted";
        (world.number(waiting).await > 0).then_some(())
    })
    .await;
    if let Some(killed) = hasty {
        all_is_acknowledged(world).await;
        killed.cancel();
    }
    listener.killed().await;
    lock.batch_execute("ROLLBACK").await.unwrap();
    listen(world, inbox(world));
    world.change(&world.things(10)).await;
    world.published().await;
    all_is_acknowledged(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_before_the_commit_an_event_is_lost() {
    let world = World::new().await;
    killed_at_work(&world, inbox(&world), None).await;
    world.settled().await;

    let world = World::new().await;
    let killed = CancellationToken::new();
    let hasty = Hasty {
        inbox: Arc::new(inbox(&world)),
        killed: killed.clone(),
    };
    killed_at_work(&world, hasty, Some(killed)).await;
    assert_eq!((world.sent().await, world.effects().await), (20, 10));
}

// 4. The versions.

/// Overwrites its copy with whatever comes.
#[derive(Clone, Copy)]
struct Credulous;

impl Handler for Credulous {
    type Event = ThingEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<ThingEvent>],
    ) -> Result<(), Failure> {
        // Its `load` would be mistaken for an atomic's.
        use diesel_async::RunQueryDsl;
        let subjects: Vec<_> = batch.iter().map(|it| it.envelope.subject).collect();
        let versions: Vec<_> = batch.iter().map(|it| it.envelope.version).collect();
        diesel::sql_query(
            "WITH last AS (SELECT DISTINCT ON (subject) subject, version \
                           FROM unnest($1, $2) WITH ORDINALITY AS event (subject, version, n) \
                           ORDER BY subject, n DESC), \
                  applied AS (INSERT INTO copy (subject, version) SELECT subject, version FROM last \
                              ON CONFLICT (subject) DO UPDATE SET version = excluded.version \
                              RETURNING subject, version) \
             INSERT INTO copy_history (subject, version) SELECT subject, version FROM applied",
        )
        .bind::<Array<SqlUuid>, _>(subjects)
        .bind::<Array<BigInt>, _>(versions)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Redis is wiped before the relay knows that everything is acknowledged: all of it comes again, the
/// first version of each thing after its last.
async fn a_wipe_brings_back_everything(world: &World, effect: impl Effect<Event = ThingEvent>) {
    let relay = world.start_relay();
    let things = world.things(10);
    for _ in 0..10 {
        world.change(&things).await;
    }
    world.published().await;
    relay.stopped().await;
    listen(world, effect);
    all_is_acknowledged(world).await;
    let mut connection = world.connection().await;
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    world.start_relay();
    eventually("it is published again", async || {
        (world.entries().await == 100).then_some(())
    })
    .await;
    all_is_acknowledged(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_versions_a_copy_goes_back() {
    // Either of the two protections is enough here.
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let credulous = Inbox::new(pool(&world), GROUP, Credulous);
    a_wipe_brings_back_everything(&world, credulous).await;
    assert_eq!(world.regressions().await, 0);

    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    a_wipe_brings_back_everything(&world, no_inbox(&world, Listener)).await;
    assert_eq!(world.regressions().await, 0);

    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    a_wipe_brings_back_everything(&world, no_inbox(&world, Credulous)).await;
    assert!(world.regressions().await > 0);
}
