//! The services that web asks.

use std::{sync::LazyLock, thread};

use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use stripe_sim::Simulator;
use ticketing_contracts::ids::OrderId;
use ticketing_messaging::{connection::RedisSettings, migrations};
use ticketing_postgres::migrate;
use ticketing_runtime::{Clock, Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{Redis, TestDatabase, engine::free_port, eventually};
use tokio::runtime;

use super::{FORWARDED_TOKEN, User, client};

/// What sessions are signed with.
pub const SESSION_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

const STRIPE_KEY: &str = "sk_test_web";
const STRIPE_PUBLISHABLE_KEY: &str = "pk_test_web";
const STRIPE_WEBHOOK_SECRET: &str = "whsec_web";

/// Where they are.
pub struct Neighbours {
    pub auth: String,
    pub tickets: String,
    pub orders: String,
    pub payments: String,
    pub redis: RedisSettings,
    /// A superuser's connection to the schema of orders.
    pub orders_sql: tokio_postgres::Client,
    /// Ends when it is dropped.
    _simulator: Simulator,
}

type Pairs = Vec<(&'static str, String)>;

impl Neighbours {
    /// Those that all tests share. They end with the process.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Neighbours> = LazyLock::new(|| {
            // A runtime of their own: a test's ends with the test.
            let started = thread::spawn(|| {
                let runtime = runtime::Builder::new_multi_thread()
                    .worker_threads(4)
                    .enable_all()
                    .build()
                    .unwrap();
                let neighbours = runtime.block_on(Neighbours::start());
                std::mem::forget(runtime);
                neighbours
            });
            started.join().expect("the services start")
        });
        &SHARED
    }

    async fn start() -> Self {
        let databases = [(); 4].map(|()| TestDatabase::new());
        let [auth, tickets, orders, payments] = &databases;
        let redis = RedisSettings {
            url: Redis::shared().url(),
            password: None,
            prefix: format!("{}:{}:", auth.schema(), auth.port()),
        };
        // tickets and orders ask each other.
        let [tickets_admin, orders_admin] =
            [(); 2].map(|()| format!("127.0.0.1:{}", free_port().unwrap()));
        let url = |address: &str| format!("http://{address}");

        migrate::up(&auth.owner(), ::auth::store::MIGRATIONS)
            .await
            .unwrap();
        let auth_url = start_auth(auth, &redis);

        let mut settings = settings(&redis, &auth_url);
        settings.extend([
            ("ADMIN_ADDRESS", tickets_admin.clone()),
            ("SERVICE_TOKEN", "tickets shows this".into()),
            ("ORDERS_TOKEN", "orders shows this".into()),
            ("ORDERS_ADMIN_URL", url(&orders_admin)),
        ]);
        migrate::up(&tickets.owner(), ::tickets::store::migrations())
            .await
            .unwrap();
        let tickets_url = start_tickets(tickets, settings);

        let mut settings = self::settings(&redis, &auth_url);
        settings.extend([
            ("ADMIN_ADDRESS", orders_admin.clone()),
            ("SERVICE_TOKEN", "orders shows this".into()),
            ("TICKETS_TOKEN", "tickets shows this".into()),
            ("PAYMENTS_TOKEN", "payments shows this".into()),
            ("TICKETS_ADMIN_URL", url(&tickets_admin)),
        ]);
        migrate::up(&orders.owner(), migrations(::orders::store::MIGRATIONS))
            .await
            .unwrap();
        let orders_url = start_orders(orders, settings);

        let simulator = Simulator::start(stripe_sim::Settings {
            key: STRIPE_KEY.to_owned().into(),
            publishable_key: STRIPE_PUBLISHABLE_KEY.to_owned(),
            webhook_secret: STRIPE_WEBHOOK_SECRET.to_owned().into(),
            ..stripe_sim::Settings::default()
        });
        let mut settings = self::settings(&redis, &auth_url);
        settings.extend([
            ("ADMIN_ADDRESS", "127.0.0.1:0".into()),
            ("SERVICE_TOKEN", "payments shows this".into()),
            ("ORDERS_ADMIN_URL", url(&orders_admin)),
            ("STRIPE_API_BASE", simulator.url().to_owned()),
            ("STRIPE_KEY", STRIPE_KEY.into()),
            ("STRIPE_WEBHOOK_SECRET", STRIPE_WEBHOOK_SECRET.into()),
            ("STRIPE_PUBLISHABLE_KEY", STRIPE_PUBLISHABLE_KEY.into()),
            ("STRIPE_JS", "/stripe-sim/v3/stripe.js".into()),
            ("STRIPE_SIMULATED", "true".into()),
        ]);
        migrate::up(&payments.owner(), ::payments::store::migrations())
            .await
            .unwrap();
        let payments_url = start_payments(payments, settings);
        simulator.send_webhooks_to(format!("{payments_url}/api/payments/webhook"));
        for url in [
            format!("{tickets_url}/api/tickets?owner=me"),
            format!("{orders_url}/api/orders"),
            format!("{payments_url}/api/payments?orderId=018bcfe5-687b-7000-8000-000000000001"),
        ] {
            knows_sessions(|user| client().get(&url).bearer_auth(&user.session)).await;
        }

        Self {
            auth: auth_url,
            tickets: tickets_url,
            orders: orders_url,
            payments: payments_url,
            redis,
            orders_sql: orders.superuser().await,
            _simulator: simulator,
        }
    }
}

impl Neighbours {
    /// Moves an order's deadlines, and with them its tickets', into the past.
    pub async fn let_expire(&self, order: OrderId) {
        let past = "now() - interval '1 second'";
        let id = order;
        self.orders_sql
            .batch_execute(&format!(
                "BEGIN; \
                 UPDATE orders SET expires_at = {past}, release_at = {past} WHERE id = '{id}'; \
                 UPDATE order_item SET held_until = {past} WHERE order_id = '{id}'; \
                 UPDATE inventory SET next_release_at = {past} WHERE ticket_id IN \
                   (SELECT ticket_id FROM order_item WHERE order_id = '{id}'); \
                 COMMIT"
            ))
            .await
            .unwrap();
    }
}

/// What all of them need.
fn settings(redis: &RedisSettings, auth: &str) -> Pairs {
    vec![
        ("HTTP_ADDRESS", "127.0.0.1:0".into()),
        ("HTTP_WORKERS", "2".into()),
        ("FORWARDED_TOKEN", FORWARDED_TOKEN.into()),
        ("DATABASE_HOST", "overridden".into()),
        ("DATABASE_USER", "overridden".into()),
        ("DATABASE_PASSWORD", "overridden".into()),
        ("REDIS_URL", redis.url.clone()),
        ("REDIS_PASSWORD", "no password is set".into()),
        ("REDIS_PREFIX", redis.prefix.clone()),
        ("AUTH_URL", auth.to_owned()),
        ("INSTANCE", "of the tests".into()),
    ]
}

/// Builds and runs a service; answers where it is. The services have the same form, but no type in common.
macro_rules! started {
    ($service:ident, $database:expr, $settings:expr) => {{
        let settings = Settings::from_pairs($settings);
        let mut config = ::$service::config::Serve::read(settings).expect("the settings are right");
        config.database = $database.app();
        config.redis.password = None;
        let application =
            ::$service::app::Application::build(config, Clock::system()).expect("it builds");
        let url = format!("http://127.0.0.1:{}", application.port().unwrap());
        let lifecycle = Lifecycle::new(std::time::Duration::from_secs(20));
        let signals = Signals::install().unwrap();
        tokio::spawn(application.run_until_stopped(lifecycle, signals));
        url
    }};
}

fn start_auth(database: &TestDatabase, redis: &RedisSettings) -> String {
    let mut settings = settings(redis, "");
    settings.extend([
        ("ADMIN_ADDRESS", "127.0.0.1:0".into()),
        ("SESSION_KEYS", SESSION_KEY.into()),
        // What Redis does not answer in time is counted anew.
        ("REDIS_PATIENCE", "30s".into()),
        ("SIGNIN_PER_ACCOUNT", "5/1h".into()),
        ("SIGNIN_PER_ADDRESS", "100000/1s".into()),
        ("SIGNUP_PER_ADDRESS", "100000/1s".into()),
    ]);
    started!(auth, database, settings)
}

fn start_tickets(database: &TestDatabase, settings: Pairs) -> String {
    started!(tickets, database, settings)
}

fn start_orders(database: &TestDatabase, settings: Pairs) -> String {
    started!(orders, database, settings)
}

fn start_payments(database: &TestDatabase, settings: Pairs) -> String {
    started!(payments, database, settings)
}

/// Waits until a service has auth's keys: before, who has a session has to come again.
pub async fn knows_sessions(request: impl Fn(&User) -> RequestBuilder) {
    let user = User::new();
    eventually("auth's keys are known", async || {
        let answer = request(&user).send().await.ok()?;
        (answer.status() != StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
}

/// Asks for something that must be made.
pub async fn created<T: DeserializeOwned>(request: RequestBuilder) -> T {
    let answer = request.send().await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{body}");
    serde_json::from_str(&body).unwrap()
}
