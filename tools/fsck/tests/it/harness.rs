//! Three services at rest, made by hand, for a test to hurt.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use fsck::{
    config::{Bounds, Config, Schemas},
    report::Report,
    run::Options,
};
use redis::{aio::MultiplexedConnection, cmd};
use ticketing_contracts::{
    events::{Event, ExpirationEvent, OrderEvent, PaymentEvent, TicketEvent, expirations},
    ids::EventId,
    time::to_text,
};
use ticketing_messaging::{Stamp, connection::RedisSettings, migrations};
use ticketing_postgres::migrate;
use ticketing_runtime::Clock;
use ticketing_testkit::{Redis, TestDatabase, connect_patiently};
use uuid::Uuid;

use crate::simulator::Simulator;

const ORDERS: EmbeddedMigrations = embed_migrations!("../../services/orders/migrations");
const TICKETS: EmbeddedMigrations = embed_migrations!("../../services/tickets/migrations");
const PAYMENTS: EmbeddedMigrations = embed_migrations!("../../services/payments/migrations");

/// So that a test may break what the tables would refuse.
const WITHOUT_CONSTRAINTS: &str = "
DO $$
DECLARE c record;
BEGIN
  FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
           WHERE contype IN ('c', 'f', 'u')
             AND connamespace IN ('{o}'::regnamespace, '{t}'::regnamespace, '{p}'::regnamespace)
             AND conrelid::regclass::text !~ 'box' LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of, c.conname);
  END LOOP;
END $$";

/// Everything a test needs.
pub struct World {
    pub orders: TestDatabase,
    pub tickets: TestDatabase,
    pub payments: TestDatabase,
    pub simulator: Simulator,
    pub redis: RedisSettings,
    pub sql: tokio_postgres::Client,
}

impl World {
    /// At rest.
    pub async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (orders, tickets) = (TestDatabase::new(), TestDatabase::new());
        let payments = TestDatabase::new();
        migrate::up(&orders.owner(), migrations(ORDERS))
            .await
            .unwrap();
        migrate::up(&tickets.owner(), migrations(TICKETS))
            .await
            .unwrap();
        migrate::up(&payments.owner(), migrations(PAYMENTS))
            .await
            .unwrap();
        let world = Self {
            redis: RedisSettings {
                // This user needs no password, and may give one: a process does.
                url: Redis::shared()
                    .url()
                    .replace("redis://", "redis://default@"),
                password: None,
                prefix: format!("f{}:", NEXT.fetch_add(1, Ordering::Relaxed)),
            },
            sql: orders.superuser().await,
            orders,
            tickets,
            payments,
            simulator: Simulator::start().await,
        };
        world.run(include_str!("clean.sql")).await;
        world.publish().await;
        world.schedule().await;
        world.run(WITHOUT_CONSTRAINTS).await;
        world
    }

    pub fn config(&self) -> Config {
        Config {
            database: self.orders.readonly(),
            redis: self.redis.clone(),
            schemas: Schemas {
                orders: self.orders.schema().parse().unwrap(),
                tickets: self.tickets.schema().parse().unwrap(),
                payments: self.payments.schema().parse().unwrap(),
            },
            bounds: Bounds {
                pending: Duration::ZERO,
                ..Bounds::default()
            },
            simulator: Some(self.simulator.config()),
        }
    }

    /// fsck that gives everything a moment.
    pub async fn fsck(&self) -> Report {
        self.fsck_with(&Options {
            wait: Duration::from_millis(200),
            pause: Duration::from_millis(50),
            ..Options::default()
        })
        .await
    }

    pub async fn fsck_with(&self, options: &Options) -> Report {
        fsck::run(&self.config(), options, |_| {}).await.unwrap()
    }

    /// SQL with `{o}`, `{t}` and `{p}` for the schemas, as a superuser.
    pub async fn run(&self, sql: &str) {
        let sql = sql
            .replace("{o}", self.orders.schema())
            .replace("{t}", self.tickets.schema())
            .replace("{p}", self.payments.schema());
        self.sql.batch_execute(&sql).await.unwrap();
    }

    /// A command to Redis; `{p}` is the prefix.
    pub async fn tell(&self, words: &[&str]) -> redis::Value {
        let words: Vec<_> = words
            .iter()
            .map(|word| word.replace("{p}", &self.redis.prefix))
            .collect();
        cmd(&words[0])
            .arg(&words[1..])
            .query_async(&mut self.connection().await)
            .await
            .unwrap()
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        connect_patiently(&self.redis.url).await
    }

    /// Events that went all the way.
    async fn publish(&self) {
        let (orders, tickets) = (self.orders.schema(), self.tickets.schema());
        let payments = self.payments.schema();
        self.say::<TicketEvent>(tickets, &["ticket:created", "ticket:updated"], &[orders])
            .await;
        let kinds = ["inventory:updated", "order:created", "order:cancelled"];
        self.say::<OrderEvent>(orders, &kinds, &[tickets, payments])
            .await;
        let kinds = ["payment:created", "payment:refunded"];
        self.say::<PaymentEvent>(payments, &kinds, &[orders]).await;
        self.tell(&[
            "XADD",
            &self.redis.key(ExpirationEvent::STREAM),
            "*",
            "a",
            "b",
        ])
        .await;
        self.hear::<ExpirationEvent>().await;
    }

    async fn say<E: Event>(&self, producer: &str, kinds: &[&str], listeners: &[&str]) {
        let now = Clock::system().now();
        let mut stamp = Stamp::ZERO;
        for kind in kinds {
            stamp = stamp.next(now);
            let id = EventId::new(now).0;
            self.run(&format!(
                "INSERT INTO {producer}.outbox (id, kind, subject, version, time, data, stamp) \
                 VALUES ('{id}', '{kind}', '{id}', 1, '{}', '{{}}', {})",
                to_text(now),
                stamp.number()
            ))
            .await;
            for listener in listeners {
                let sql = format!("INSERT INTO {listener}.inbox VALUES ('{id}')");
                self.run(&sql).await;
            }
            let entry = stamp.to_string();
            self.tell(&["XADD", &self.redis.key(E::STREAM), &entry, "type", kind])
                .await;
        }
        let acked = stamp.number();
        self.run(&format!(
            "UPDATE {producer}.outbox_position SET acked = {acked}"
        ))
        .await;
        self.hear::<E>().await;
    }

    /// All groups have read and acknowledged all.
    async fn hear<E: Event>(&self) {
        let key = self.redis.key(E::STREAM);
        for group in E::GROUPS {
            self.tell(&["XGROUP", "CREATE", &key, group, "0"]).await;
            self.tell(&["XREADGROUP", "GROUP", group, "a", "STREAMS", &key, ">"])
                .await;
            let mut connection = self.connection().await;
            let entries: Vec<(String, redis::Value)> = cmd("XRANGE")
                .arg(&[&key, "-", "+"])
                .query_async(&mut connection)
                .await
                .unwrap();
            for (id, _) in entries {
                self.tell(&["XACK", &key, group, &id]).await;
            }
        }
    }

    /// The open orders' deadlines, and one of an order that is over, as a repeated event leaves it.
    async fn schedule(&self) {
        let open = format!(
            r#"SELECT id::text, to_char(release_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               FROM {}.orders WHERE status <> 'complete' AND release_at > now()"#,
            self.orders.schema()
        );
        for row in self.sql.query(&open, &[]).await.unwrap() {
            let (id, at): (&str, &str) = (row.get(0), row.get(1));
            self.keep_deadline(id.parse().unwrap(), at.parse().unwrap())
                .await;
        }
    }

    /// Lets expiration have this deadline.
    pub async fn keep_deadline(&self, id: Uuid, at: DateTime<Utc>) {
        let (key, score) = (
            self.redis.key(expirations::DEADLINES),
            at.timestamp_millis().to_string(),
        );
        self.tell(&["ZADD", &key, &score, &format!("{id}|{}", to_text(at))])
            .await;
    }
}

/// The id of a ticket, an order or a payment in `clean.sql`.
pub fn id(name: &str) -> Uuid {
    format!("018bcfe5-687b-7000-8000-0000000000{name}")
        .parse()
        .unwrap()
}
