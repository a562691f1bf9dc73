//! Says what orders would say, and reads what orders would hear.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use expiration::{app::Application, config::Serve};
use redis::{aio::MultiplexedConnection, cmd};
use ticketing_contracts::{
    events::{Event, ExpirationEvent, OrderEvent, expirations, orders::Order},
    ids::{EventId, OrderId, UserId},
    money::Currency,
    order::{CancelReason, OrderStatus},
    time::to_text,
};
use ticketing_messaging::{connection::RedisSettings, group};
use ticketing_runtime::{Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{ManualClock, Redis, connect_patiently, eventually};
use tokio::task::JoinHandle;

/// Keys of its own in a Redis, and a clock that instances of one test share.
pub struct World {
    pub redis: RedisSettings,
    pub clock: ManualClock,
}

/// A running instance. It ends with its test.
pub struct Instance {
    pub admin: String,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

impl Instance {
    /// Asks it to stop, and waits until it has.
    pub async fn stopped(self) {
        self.lifecycle.soft().cancel();
        self.done.await.unwrap().unwrap();
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .get(format!("{}{path}", self.admin))
            .send()
            .await
            .unwrap()
    }
}

/// Which order, and which deadline of it.
pub type Fired = (OrderId, DateTime<Utc>);

impl World {
    /// In the Redis that all tests share.
    pub fn new() -> Self {
        Self::on(Redis::shared())
    }

    /// In this one.
    pub fn on(redis: &Redis) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            redis: RedisSettings {
                // This user needs no password, and may give one: a process does.
                url: redis.url().replace("redis://", "redis://default@"),
                password: None,
                prefix: format!("e{}:", NEXT.fetch_add(1, Ordering::Relaxed)),
            },
            clock: ManualClock::now(),
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.clock().now()
    }

    /// Starts an instance of this name.
    pub fn start(&self, name: &str) -> Instance {
        let settings = Settings::from_pairs([
            ("ADMIN_ADDRESS", "127.0.0.1:0"),
            ("REDIS_URL", &self.redis.url),
            ("REDIS_PASSWORD", "no password is set"),
            ("REDIS_PREFIX", &self.redis.prefix),
            ("INSTANCE", name),
            // Small, so that many deadlines take several looks.
            ("EXPIRATION_BATCH", "100"),
        ]);
        let mut config = Serve::read(settings).unwrap();
        config.redis.password = None;
        let application = Application::build(config, self.clock.clock()).unwrap();
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        Instance {
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            done: tokio::spawn(
                application.run_until_stopped(lifecycle.clone(), Signals::install().unwrap()),
            ),
            lifecycle,
        }
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        connect_patiently(&self.redis.url).await
    }

    /// An order that was just placed, to be released after `minutes`.
    pub fn order(&self, minutes: i64) -> Order {
        let (now, release_at) = (self.now(), self.now() + TimeDelta::minutes(minutes));
        Order {
            id: OrderId::new(now),
            version: 1,
            user_id: UserId::new(now),
            status: OrderStatus::Created,
            reason: None,
            expires_at: release_at,
            release_at,
            items: Vec::new(),
            total: 10_50,
            currency: Currency::USD,
            created_at: now,
        }
    }

    /// Says these at once: nobody finds only the first of them.
    pub async fn say(&self, events: impl IntoIterator<Item = OrderEvent>) {
        let mut pipe = redis::pipe();
        pipe.atomic();
        for event in events {
            let id = EventId::new(self.now()).to_string();
            let (subject, version) = (event.subject().to_string(), event.version().to_string());
            let (time, data) = (to_text(self.now()), event.data().unwrap());
            pipe.cmd("XADD").arg(self.orders()).arg("*").arg(&[
                "id",
                &id,
                "type",
                event.kind(),
                "subject",
                &subject,
                "version",
                &version,
                "time",
                &time,
                "traceparent",
                "",
                "data",
                &data,
            ]);
        }
        let mut connection = self.connection().await;
        pipe.query_async::<()>(&mut connection).await.unwrap();
    }

    /// Orders were placed.
    pub async fn place(&self, orders: &[Order]) {
        self.say(orders.iter().cloned().map(OrderEvent::Created))
            .await;
    }

    pub fn orders(&self) -> String {
        self.redis.key(OrderEvent::STREAM)
    }

    /// What orders would hear, in its order.
    pub async fn fired(&self) -> Vec<Fired> {
        let mut connection = self.connection().await;
        let entries: Vec<(String, BTreeMap<String, String>)> = cmd("XRANGE")
            .arg(&[&self.redis.key(ExpirationEvent::STREAM), "-", "+"])
            .query_async(&mut connection)
            .await
            .unwrap();
        let fired = |(_, fields): (String, BTreeMap<String, String>)| {
            let event = ExpirationEvent::decode(&fields["type"], &fields["data"]).unwrap();
            let ExpirationEvent::Complete(complete) = event;
            (complete.order_id, complete.release_at)
        };
        entries.into_iter().map(fired).collect()
    }

    /// Waits until exactly these have fired, in this order.
    pub async fn fires(&self, expected: &[Fired]) {
        eventually("they fire", async || {
            (self.fired().await.len() >= expected.len()).then_some(())
        })
        .await;
        assert_eq!(self.fired().await, expected);
    }

    /// Waits until so many deadlines are kept.
    pub async fn keeps(&self, count: u64) {
        eventually("the deadlines are kept", async || {
            (self.kept().await == count).then_some(())
        })
        .await;
    }

    /// How many deadlines are kept.
    pub async fn kept(&self) -> u64 {
        let mut connection = self.connection().await;
        cmd("ZCARD")
            .arg(self.redis.key(expirations::DEADLINES))
            .query_async(&mut connection)
            .await
            .unwrap()
    }

    /// How many entries nobody has acknowledged yet.
    pub async fn pending(&self) -> u64 {
        let mut connection = self.connection().await;
        let places = group::places(&mut connection, &self.orders())
            .await
            .unwrap();
        places.get("expiration").map_or(u64::MAX, |place| {
            place.pending + place.lag.unwrap_or_default()
        })
    }

    /// Waits until everything that was said is acknowledged.
    pub async fn all_is_heard(&self) {
        eventually("everything is acknowledged", async || {
            (self.pending().await == 0).then_some(())
        })
        .await;
    }

    pub fn advance(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }
}

/// The order's deadline.
pub fn deadline(order: &Order) -> Fired {
    (order.id, order.release_at)
}

/// The order, one version on, to be released `minutes` later.
pub fn extended(order: &Order, minutes: i64) -> Order {
    Order {
        version: order.version + 1,
        status: OrderStatus::AwaitingPayment,
        release_at: order.release_at + TimeDelta::minutes(minutes),
        ..order.clone()
    }
}

/// The order is over.
pub fn cancelled(order: &Order) -> OrderEvent {
    OrderEvent::Cancelled(Order {
        version: order.version + 1,
        status: OrderStatus::Cancelled,
        reason: Some(CancelReason::Buyer),
        ..order.clone()
    })
}

/// The order is paid.
pub fn completed(order: &Order) -> OrderEvent {
    OrderEvent::Completed(Order {
        version: order.version + 1,
        status: OrderStatus::Complete,
        ..order.clone()
    })
}
