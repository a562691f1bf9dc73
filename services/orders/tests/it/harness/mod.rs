//! Starts what production starts, on free ports, with a schema and a key prefix of its own.

mod answers;
mod app;
mod books;

pub use answers::{created, one, problem, several};
pub use app::{App, User};

use std::time::Duration;

use chrono::Utc;
use diesel_async::AsyncPgConnection;
use orders::{
    SERVICE,
    app::Application,
    config::Serve,
    domain::Command,
    reservation::{self, Asked, Locking, Manner},
    store::MIGRATIONS,
};
use redis::aio::MultiplexedConnection;
use reqwest::{Client, StatusCode};
use ticketing_contracts::{
    api::auth::User as Account,
    events::{Event, OrderEvent, tickets::Ticket},
    ids::{EventId, TicketId, UserId},
    money::Currency,
    time::to_text,
};
use ticketing_messaging::{connection::RedisSettings, migrations};
use ticketing_postgres::{DatabaseSettings, Pool, migrate, tx};
use ticketing_runtime::{
    lifecycle::Signals,
    {Clock, Lifecycle, Settings},
};
use ticketing_testkit::{Postgres, Redis, TestDatabase, connect_patiently, eventually};

use crate::neighbours::{Neighbours, ORDERS_TOKEN};

pub const TICKETS_TOKEN: &str = "tickets shows this";
pub const PAYMENTS_TOKEN: &str = "payments shows this";

/// A schema and a prefix in Redis, with the services beside orders. Instances share it, as in production.
pub struct World {
    pub database: TestDatabase,
    pub settings: DatabaseSettings,
    pub redis: RedisSettings,
    pub neighbours: Neighbours,
    /// A superuser's connection, to count and to get in the way.
    pub sql: tokio_postgres::Client,
    clock: Clock,
    pool: Pool,
    locking: Locking,
    environment: Vec<(&'static str, String)>,
}

impl World {
    pub async fn new() -> Self {
        Self::on(TestDatabase::new()).await
    }

    /// In a cluster that the test may break.
    pub async fn in_its_own(postgres: &Postgres) -> Self {
        Self::on(postgres.schema(SERVICE).unwrap()).await
    }

    async fn on(database: TestDatabase) -> Self {
        migrate::up(&database.owner(), migrations(MIGRATIONS))
            .await
            .expect("the migrations run");
        let settings = database.app();
        Self {
            sql: database.superuser().await,
            pool: Pool::new(&settings).unwrap(),
            redis: RedisSettings {
                url: Redis::shared().url(),
                password: None,
                prefix: format!("{}:{}:", database.schema(), database.port()),
            },
            settings,
            database,
            neighbours: Neighbours::start(),
            clock: Clock::system(),
            locking: Locking::Locked,
            environment: Vec::new(),
        }
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Without what keeps two batches from deciding over the same stock.
    pub fn unlocked(mut self) -> Self {
        self.locking = Locking::Unlocked;
        self
    }

    /// Starts an instance, and waits until it can verify sessions.
    pub async fn start(&self) -> App {
        let mut settings: Vec<(&str, String)> = vec![
            ("HTTP_ADDRESS", "127.0.0.1:0".into()),
            ("ADMIN_ADDRESS", "127.0.0.1:0".into()),
            ("FORWARDED_TOKEN", "traefik".into()),
            ("DATABASE_HOST", "overridden below".into()),
            ("DATABASE_USER", "overridden below".into()),
            ("DATABASE_PASSWORD", "overridden below".into()),
            ("REDIS_URL", self.redis.url.clone()),
            ("REDIS_PASSWORD", "no password is set".into()),
            ("REDIS_PREFIX", self.redis.prefix.clone()),
            ("AUTH_URL", self.neighbours.base.clone()),
            ("TICKETS_ADMIN_URL", self.neighbours.base.clone()),
            ("SERVICE_TOKEN", ORDERS_TOKEN.into()),
            ("TICKETS_TOKEN", TICKETS_TOKEN.into()),
            ("PAYMENTS_TOKEN", PAYMENTS_TOKEN.into()),
            ("INSTANCE", EventId::new(self.clock.now()).to_string()),
        ];
        settings.extend(self.environment.iter().cloned());
        let mut config =
            Serve::read(Settings::from_pairs(settings)).expect("the settings are right");
        config.database = self.settings.clone();
        config.redis.password = None;
        config.reservation.manner.locking = self.locking;
        let application = Application::build(config, self.clock.clone()).expect("it builds");
        let signals = Signals::install().unwrap();
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App {
            base: format!("http://127.0.0.1:{}", application.port().unwrap()),
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            client: Client::builder().no_proxy().build().unwrap(),
            done: tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals)),
            lifecycle,
        };
        // A page of none is refused once it is known who asks for it; nothing else need be up for that.
        let somebody = self.user();
        eventually("it has auth's keys", async || {
            let answer = app.get(&somebody, "/api/orders?limit=0").await;
            (answer.status() != StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
        app
    }

    /// Somebody who has never been here.
    pub fn user(&self) -> User {
        let now = self.clock.now();
        let account = Account {
            id: UserId::new(now),
            email: "ann@example.com".to_owned(),
        };
        let token = self.neighbours.keys.sign(&account, now).unwrap();
        User {
            id: account.id,
            session: token.as_str().to_owned(),
        }
    }

    /// A ticket that only the test knows.
    pub fn ticket(&self, capacity: i32) -> Ticket {
        Ticket {
            id: TicketId::new(self.clock.now()),
            version: 1,
            title: "Concert".to_owned(),
            price: 10_50,
            currency: Currency::USD,
            user_id: self.user().id,
            capacity,
            max_per_order: None,
            max_per_person: None,
        }
    }

    /// A ticket that orders knows.
    pub async fn offered(&self, capacity: i32) -> TicketId {
        let ticket = self.ticket(capacity);
        self.offer(&ticket).await;
        ticket.id
    }

    /// Lets orders know this ticket, past every stream.
    pub async fn offer(&self, ticket: &Ticket) {
        self.apply(Command::Offer(ticket.clone())).await;
    }

    /// Does what a listener would.
    pub async fn apply(&self, command: Command) {
        let mut connection = self.pool.get().await.unwrap();
        let connection: &mut AsyncPgConnection = &mut connection;
        tx::begin(connection).await.unwrap();
        let asked = [Asked::from(command)];
        let done = reservation::apply(connection, Manner::default(), &asked).await;
        let answers = tx::end(connection, done).await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    /// Publishes as another service would.
    pub async fn publish<E: Event>(&self, event: &E) {
        let now = self.clock.now();
        self.publish_as(EventId::new(now), event).await;
    }

    /// The same under an id that may have been there before.
    pub async fn publish_as<E: Event>(&self, id: EventId, event: &E) {
        let mut connection = self.redis().await;
        redis::cmd("XADD")
            .arg(self.redis.key(E::STREAM))
            .arg("*")
            .arg(&[("id", id.to_string()), ("type", event.kind().to_owned())])
            .arg(&[
                ("subject", event.subject().to_string()),
                ("version", event.version().to_string()),
                ("time", to_text(self.clock.now())),
                ("traceparent", String::new()),
                ("data", event.data().unwrap()),
            ])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    }

    /// A connection to Redis, to look and to get in the way.
    pub async fn redis(&self) -> MultiplexedConnection {
        connect_patiently(&self.redis.url).await
    }

    /// All that orders has published, as far as the stream has it.
    pub async fn published(&self) -> Vec<OrderEvent> {
        let events = self.published_with_traces().await.into_iter();
        events.map(|(event, _)| event).collect()
    }

    /// The same, each with the id of its trace.
    pub async fn published_with_traces(&self) -> Vec<(OrderEvent, String)> {
        type Entry = (String, std::collections::HashMap<String, String>);
        let mut connection = self.redis().await;
        let entries: Vec<Entry> = redis::cmd("XRANGE")
            .arg(self.redis.key(OrderEvent::STREAM))
            .arg("-")
            .arg("+")
            .query_async(&mut connection)
            .await
            .unwrap();
        let event = |(_, fields): &Entry| {
            let event = OrderEvent::decode(&fields["type"], &fields["data"]).unwrap();
            let trace = fields["traceparent"].split('-').nth(1).unwrap_or_default();
            (event, trace.to_owned())
        };
        entries.iter().map(event).collect()
    }

    /// A number out of Postgres.
    pub async fn number(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// All at once.
pub async fn all<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let done = futures::future::join_all(tasks).await;
    done.into_iter().map(Result::unwrap).collect()
}

/// Now, for times that are compared.
pub fn now() -> chrono::DateTime<Utc> {
    Clock::system().now()
}

/// The service's name is part of addresses and settings; a test would not notice a change.
#[test]
fn the_name_is_orders() {
    assert_eq!(SERVICE, "orders");
}
