//! Starts what production starts, on free ports: payments and orders each with a schema, a key prefix in
//! Redis that both share, and the payment simulator.

mod answers;
mod app;
mod auth;
pub mod books;
mod killable;
mod orders;
mod simulator;

pub use answers::{failed, paid, problem};
pub use app::{App, User, paying_with};
pub use orders::OrdersApp;
pub use simulator::{Fault, GIVES_UP, Sim};

use std::time::Duration;

use chrono::Utc;
use payments::{SERVICE, app::Application, config::Serve, store::migrations};
use reqwest::{Client, StatusCode};
use ticketing_contracts::{
    api::auth::User as Account,
    events::{Event, PaymentEvent},
    ids::{EventId, PaymentId, UserId},
    time::to_text,
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::{DatabaseSettings, migrate};
use ticketing_runtime::{Clock, Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{Redis, TestDatabase, connect_patiently, eventually};

use self::auth::Auth;

pub const PAYMENTS_TOKEN: &str = "payments shows this";

/// The schemas, the prefix, and the services beside payments. Instances share it, as in production.
pub struct World {
    pub settings: DatabaseSettings,
    pub redis: RedisSettings,
    pub orders: OrdersApp,
    pub sim: Sim,
    /// A superuser's connection to payments' schema, to count and to get in the way.
    pub sql: tokio_postgres::Client,
    auth: Auth,
    clock: Clock,
    environment: Vec<(&'static str, String)>,
}

impl World {
    pub async fn new() -> Self {
        Self::with_orders(&[]).await
    }

    /// With settings of orders: how long it holds and leases, say.
    pub async fn with_orders(settings: &[(&'static str, &str)]) -> Self {
        let database = TestDatabase::new();
        migrate::up(&database.owner(), migrations())
            .await
            .expect("the migrations run");
        let redis = RedisSettings {
            url: Redis::shared().url(),
            password: None,
            prefix: format!("{}:{}:", database.schema(), database.port()),
        };
        let auth = Auth::start();
        let world = Self {
            orders: OrdersApp::start(&redis, &auth.base, settings).await,
            sim: Sim::start(),
            sql: database.superuser().await,
            settings: database.app(),
            redis,
            auth,
            clock: Clock::system(),
            environment: Vec::new(),
        };
        let orders = format!("{}/api/orders", world.orders.base);
        world.is_let_in(&world.orders.client, &orders).await;
        world
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Starts an instance.
    pub async fn start(&self) -> App {
        self.start_as(&EventId::new(self.clock.now()).to_string())
            .await
    }

    /// Starts an instance of this name, which may have been there before.
    pub async fn start_as(&self, instance: &str) -> App {
        let mut settings = self.environment_of(instance);
        settings.extend(self.environment.iter().cloned());
        let mut config =
            Serve::read(Settings::from_pairs(settings)).expect("the settings are right");
        config.database = self.settings.clone();
        config.redis.password = None;
        let application = Application::build(config, self.clock.clone()).expect("it builds");
        let signals = Signals::install().unwrap();
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let base = format!("http://127.0.0.1:{}", application.port().unwrap());
        self.sim.send_webhooks_to(&base);
        let app = App {
            base,
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            client: Client::builder().no_proxy().build().unwrap(),
            done: tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals)),
            lifecycle,
        };
        let payments = format!("{}/api/payments/{}", app.base, PaymentId::new(now()));
        self.is_let_in(&app.client, &payments).await;
        app
    }

    /// Waits until a service has auth's keys: before, who has a session has to come again.
    async fn is_let_in(&self, client: &Client, url: &str) {
        let user = self.user();
        eventually("auth's keys are known", async || {
            let answer = client.get(url).bearer_auth(&user.session).send().await;
            let status = answer.ok()?.status();
            (status != StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
    }

    fn environment_of(&self, instance: &str) -> Vec<(&'static str, String)> {
        vec![
            ("HTTP_ADDRESS", "127.0.0.1:0".into()),
            ("ADMIN_ADDRESS", "127.0.0.1:0".into()),
            ("FORWARDED_TOKEN", "traefik".into()),
            ("DATABASE_HOST", "overridden".into()),
            ("DATABASE_USER", "overridden".into()),
            ("DATABASE_PASSWORD", "overridden".into()),
            ("REDIS_URL", self.redis.url.clone()),
            ("REDIS_PASSWORD", "no password is set".into()),
            ("REDIS_PREFIX", self.redis.prefix.clone()),
            ("AUTH_URL", self.auth.base.clone()),
            ("ORDERS_ADMIN_URL", self.orders.admin.clone()),
            ("SERVICE_TOKEN", PAYMENTS_TOKEN.into()),
            ("INSTANCE", instance.to_owned()),
            ("STRIPE_API_BASE", self.sim.base.clone()),
            ("STRIPE_KEY", simulator::KEY.into()),
            ("STRIPE_WEBHOOK_SECRET", simulator::WEBHOOK_SECRET.into()),
            ("STRIPE_PUBLISHABLE_KEY", simulator::PUBLISHABLE_KEY.into()),
            ("STRIPE_JS", "/stripe-sim/v3/stripe.js".into()),
            ("STRIPE_SIMULATED", "true".into()),
            ("STRIPE_TIMEOUT", "25s".into()),
        ]
    }

    /// Somebody who has never been here.
    pub fn user(&self) -> User {
        let now = self.clock.now();
        let account = Account {
            id: UserId::new(now),
            email: "ann@example.com".to_owned(),
        };
        let token = self.auth.keys.sign(&account, now).unwrap();
        User {
            id: account.id,
            session: token.as_str().to_owned(),
        }
    }

    /// Publishes as another service would.
    pub async fn publish<E: Event>(&self, event: &E) {
        let now = self.clock.now();
        let mut connection = connect_patiently(&self.redis.url).await;
        redis::cmd("XADD")
            .arg(self.redis.key(E::STREAM))
            .arg("*")
            .arg(&[
                ("id", EventId::new(now).to_string()),
                ("type", event.kind().to_owned()),
            ])
            .arg(&[
                ("subject", event.subject().to_string()),
                ("version", event.version().to_string()),
                ("time", to_text(now)),
                ("traceparent", String::new()),
                ("data", event.data().unwrap()),
            ])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    }

    /// All that payments has published, as far as the stream has it.
    pub async fn published(&self) -> Vec<PaymentEvent> {
        self.stream().await
    }

    /// What there is in a stream.
    pub async fn stream<E: Event>(&self) -> Vec<E> {
        type Entry = (String, std::collections::HashMap<String, String>);
        let mut connection = connect_patiently(&self.redis.url).await;
        let entries: Vec<Entry> = redis::cmd("XRANGE")
            .arg(self.redis.key(E::STREAM))
            .arg("-")
            .arg("+")
            .query_async(&mut connection)
            .await
            .unwrap();
        let event = |(_, fields): &Entry| E::decode(&fields["type"], &fields["data"]).unwrap();
        entries.iter().map(event).collect()
    }

    /// Waits until payments has published these types, and no others.
    pub async fn has_published(&self, kinds: &[&str]) {
        eventually("the events are published", async || {
            let events = self.published().await;
            let found: Vec<_> = events.iter().map(Event::kind).collect();
            (found == kinds).then_some(())
        })
        .await;
    }

    /// As if every attempt had begun an hour ago: a test need not wait for as long as one may take.
    pub async fn an_hour_later(&self) {
        let aged =
            "UPDATE payment SET due_at = now(), attempted_at = attempted_at - interval '1 hour'";
        self.sql.batch_execute(aged).await.unwrap();
    }

    /// How many of payments' sessions wait for a lock.
    pub async fn waiting(&self) -> i64 {
        // Within a transaction the activity is read once, else.
        let afresh = "SELECT pg_stat_clear_snapshot()";
        self.sql.batch_execute(afresh).await.unwrap();
        self.number(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
               AND application_name = current_setting('search_path')",
        )
        .await
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

/// Now, for ids.
pub fn now() -> chrono::DateTime<Utc> {
    Clock::system().now()
}

/// The service's name is part of addresses and settings; a test would not notice a change.
#[test]
fn the_name_is_payments() {
    assert_eq!(SERVICE, "payments");
}
