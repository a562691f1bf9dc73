//! A publisher and a listener in one schema, on engines that the test can hurt.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use diesel_async::RunQueryDsl;
use redis::aio::MultiplexedConnection;
use secrecy::ExposeSecret;
use things::{GROUP, MIGRATIONS, ThingEvent, listener::Listener, publisher};
use ticketing_messaging::{
    connection::RedisSettings,
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    migrations,
    relay::Relay,
    stream::Fenced,
};
use ticketing_postgres::{DatabaseSettings, Pool, migrate};
use ticketing_runtime::Clock;
use ticketing_testkit::{
    Process, Redis, TestDatabase, connect_patiently, eventually, eventually_within,
};
use tokio::{task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Everything a test needs. What it started ends with it.
pub struct World {
    pub database: TestDatabase,
    pub settings: DatabaseSettings,
    pub pool: Pool,
    pub redis: RedisSettings,
    pub clock: Clock,
    /// A superuser's connection, for counting and for getting in the way.
    pub sql: tokio_postgres::Client,
    stop: CancellationToken,
}

/// A task of the service that runs in the test's own process.
pub struct Running {
    pub stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Asks it to stop, and waits until it has.
    pub async fn stopped(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends it wherever it is, as a kill would.
    pub async fn killed(self) {
        self.task.abort();
        _ = self.task.await;
    }
}

impl World {
    /// On the engines that all tests share.
    pub async fn new() -> Self {
        Self::on(TestDatabase::new(), Redis::shared()).await
    }

    /// On these.
    pub async fn on(database: TestDatabase, redis: &Redis) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        migrate::up(&database.owner(), migrations(MIGRATIONS))
            .await
            .unwrap();
        let settings = database.app();
        Self {
            pool: Pool::new(&settings).unwrap(),
            sql: database.superuser().await,
            settings,
            database,
            redis: RedisSettings {
                url: redis.url(),
                password: None,
                prefix: format!("w{}:", NEXT.fetch_add(1, Ordering::Relaxed)),
            },
            clock: Clock::system(),
            stop: CancellationToken::new(),
        }
    }

    /// The stream's key.
    pub fn stream(&self) -> String {
        self.redis.key("things")
    }

    /// A connection to Redis, to look and to get in the way.
    pub async fn connection(&self) -> MultiplexedConnection {
        connect_patiently(&self.redis.url).await
    }

    pub fn relay(&self) -> Relay {
        Relay::new::<ThingEvent>(
            self.settings.clone(),
            self.redis.clone(),
            self.clock.clone(),
        )
    }

    /// A relay in this process.
    pub fn start_relay(&self) -> Running {
        let (relay, pool) = (self.relay(), self.pool.clone());
        self.start(|stop| relay.run(pool, stop))
    }

    /// How the tests' consumers behave: they look at once.
    pub fn consumer_settings(&self, name: &str) -> ConsumerSettings {
        ConsumerSettings {
            block: Duration::from_millis(50),
            claim_after: Duration::from_millis(500),
            ..ConsumerSettings::new(GROUP, name)
        }
    }

    pub fn consumer(&self, settings: ConsumerSettings) -> Consumer<Inbox<Listener>> {
        let inbox = Inbox::new(self.pool.clone(), settings.group.clone(), Listener);
        Consumer::new(self.redis.clone(), settings, self.clock.clone(), inbox)
    }

    /// A listener in this process.
    pub fn start_listener(&self, name: &str) -> Running {
        let consumer = self.consumer(self.consumer_settings(name));
        self.start(|stop| consumer.run(stop))
    }

    /// A task that ends with the test.
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        &self,
        task: impl FnOnce(CancellationToken) -> F,
    ) -> Running {
        let stop = self.stop.child_token();
        Running {
            task: tokio::spawn(task(stop.clone())),
            stop,
        }
    }

    /// Somebody who changes ten things over and over, whatever fails, and announces it each time.
    pub fn start_publisher(&self) -> Running {
        let (things, pool, clock) = (self.things(10), self.pool.clone(), self.clock.clone());
        let announce = format!("SELECT pg_notify('outbox_{}', '')", self.settings.schema);
        self.start(|stop| async move {
            let mut pace = tokio::time::interval(Duration::from_millis(10));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(pace.tick()).await.is_some() {
                let Ok(mut connection) = pool.get().await else {
                    continue;
                };
                _ = publisher::change(&mut connection, &things, 1, clock.now()).await;
                _ = diesel::sql_query(&announce).execute(&mut connection).await;
            }
        })
    }

    /// Another service, with a schema of its own, that listens to the same stream.
    pub async fn another(&self) -> Self {
        let mut other = Self::on(TestDatabase::new(), Redis::shared()).await;
        other.redis = self.redis.clone();
        other.clock = self.clock.clone();
        other
    }

    /// `things …`, to be run to its end.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_things"));
        command
            .args(arguments)
            // What it prints is compared.
            .env("RUST_BACKTRACE", "0")
            .env("DATABASE_HOST", &self.settings.host)
            .env("DATABASE_PORT", self.settings.port.to_string())
            .env("DATABASE_USER", &self.settings.user)
            .env("DATABASE_PASSWORD", self.settings.password.expose_secret())
            .env("DATABASE_SCHEMA", &self.settings.schema)
            .env("REDIS_URL", &self.redis.url)
            .env("REDIS_PREFIX", &self.redis.prefix);
        command
    }

    /// `things …` as a process of its own, to be killed.
    pub fn process(&self, arguments: &[&str]) -> Process {
        Process::start(&mut self.command(arguments)).unwrap()
    }

    /// New things.
    pub fn things(&self, count: usize) -> Vec<Uuid> {
        (0..count).map(|_| self.thing()).collect()
    }

    pub fn thing(&self) -> Uuid {
        ticketing_contracts::ids::EventId::new(self.clock.now()).0
    }

    /// Changes each thing once, in one transaction. Wakes nobody.
    pub async fn change(&self, things: &[Uuid]) -> Vec<Uuid> {
        self.change_to(things, 1).await
    }

    /// The same, with a weight.
    pub async fn change_to(&self, things: &[Uuid], weight: i64) -> Vec<Uuid> {
        let mut connection = self.pool.get().await.unwrap();
        publisher::change(&mut connection, things, weight, self.clock.now())
            .await
            .unwrap()
    }

    /// A number out of Postgres.
    pub async fn number(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn sent(&self) -> i64 {
        self.number("SELECT count(*) FROM outbox").await
    }

    pub async fn effects(&self) -> i64 {
        self.number("SELECT count(*) FROM effect").await
    }

    /// Waits until this many more events have taken effect.
    pub async fn more_effects(&self, count: i64) {
        let before = self.effects().await;
        let limit = Duration::from_secs(120);
        eventually_within(limit, "more takes effect", async || {
            (self.effects().await >= before + count).then_some(())
        })
        .await;
    }

    /// Who the group knows by name: each that has read at least once.
    pub async fn consumers(&self) -> Vec<String> {
        let consumers = redis::cmd("XINFO")
            .arg(&["CONSUMERS", &self.stream(), GROUP])
            .query_async::<Vec<BTreeMap<String, redis::Value>>>(&mut self.connection().await)
            .await;
        // No stream or no group yet.
        let consumers = consumers.unwrap_or_default().into_iter();
        consumers
            .map(|mut consumer| redis::from_redis_value(consumer.remove("name").unwrap()).unwrap())
            .collect()
    }

    /// Waits until everything is published and stamped.
    pub async fn published(&self) {
        eventually("every row is stamped", async || {
            let unstamped = "SELECT count(*) FROM outbox WHERE stamp IS NULL";
            (self.number(unstamped).await == 0).then_some(())
        })
        .await;
    }

    /// What `relay` does whenever a second has passed: publishes, trims, notes what is acknowledged.
    pub async fn look(&self, relay: &Relay) {
        let mut leader = eventually("nobody else leads", async || {
            relay.take_the_lead(Fenced::new).await.unwrap()
        })
        .await;
        let only_once = CancellationToken::new();
        only_once.cancel();
        leader.run(&only_once).await.unwrap();
    }

    /// Waits until a statement waits for a lock on this table of ours.
    pub async fn waits_for(&self, table: &str) {
        let waiting = format!(
            "SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"
        );
        eventually("a statement waits for the lock", async || {
            (self.number(&waiting).await > 0).then_some(())
        })
        .await;
    }

    /// Waits until everything that `publisher` sent has taken effect here, and checks that it did
    /// exactly once.
    pub async fn heard(&self, publisher: &Self) {
        let schema = &publisher.settings.schema;
        let missing = format!(
            "SELECT count(*) FROM {schema}.outbox WHERE id NOT IN (SELECT event_id FROM effect)"
        );
        eventually("everything sent took effect", async || {
            (self.number(&missing).await == 0).then_some(())
        })
        .await;
        assert_eq!(
            self.effects().await,
            publisher.sent().await,
            "an event took effect twice"
        );
        assert_eq!(self.regressions().await, 0, "a copy went back");
    }

    /// Entries that are in the stream.
    pub async fn entries(&self) -> usize {
        let mut connection = self.connection().await;
        redis::cmd("XLEN")
            .arg(self.stream())
            .query_async(&mut connection)
            .await
            .unwrap()
    }

    /// Waits until everything that was sent has taken effect, and checks that it did exactly once, that
    /// the copies are equal and that none ever went back. `dead`: events that are dead letters.
    pub async fn settled_but(&self, dead: i64) {
        eventually("everything sent took effect, or is buried", async || {
            let arrived = self
                .number("SELECT count(DISTINCT event_id) FROM effect")
                .await;
            let letters = self.number("SELECT count(*) FROM dead_letter").await;
            (letters == dead && arrived == self.sent().await - dead).then_some(())
        })
        .await;
        assert_eq!(
            self.effects().await,
            self.sent().await - dead,
            "an event took effect twice"
        );
        let unknown = "SELECT count(*) FROM effect WHERE event_id NOT IN (SELECT id FROM outbox)";
        assert_eq!(self.number(unknown).await, 0, "an event that nobody sent");
        if dead == 0 {
            let unequal = "SELECT count(*) FROM thing FULL JOIN copy ON thing.id = copy.subject \
                           WHERE thing.version IS DISTINCT FROM copy.version";
            assert_eq!(self.number(unequal).await, 0, "a copy is not equal");
        }
        assert_eq!(self.regressions().await, 0, "a copy went back");
    }

    pub async fn settled(&self) {
        self.settled_but(0).await;
    }

    /// How often a copy got a version that was not above the one before.
    pub async fn regressions(&self) -> i64 {
        self.number(
            "SELECT count(*) FROM (SELECT version <= lag(version) OVER (PARTITION BY subject ORDER BY n) \
                                   AS back FROM copy_history) AS history WHERE back",
        )
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
