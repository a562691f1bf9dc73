//! A running orders, as production starts it.

use std::time::Duration;

use ::orders::{
    app::Application,
    config::Serve,
    domain::Command,
    reservation::{self, Asked, Manner},
    store::MIGRATIONS,
};
use diesel_async::AsyncPgConnection;
use reqwest::{Client, StatusCode};
use serde_json::json;
use ticketing_contracts::{
    api::orders::Order,
    events::tickets::Ticket,
    ids::{EventId, OrderId, TicketId, UserId},
    money::Currency,
    order::OrderStatus,
};
use ticketing_messaging::{connection::RedisSettings, migrations};
use ticketing_postgres::{Pool, migrate, tx};
use ticketing_runtime::{Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{TestDatabase, eventually};
use tokio::task::JoinHandle;

use super::{PAYMENTS_TOKEN, User, World, now};

pub struct OrdersApp {
    pub base: String,
    pub admin: String,
    pub client: Client,
    pub database: TestDatabase,
    pub sql: tokio_postgres::Client,
    pool: Pool,
    redis: RedisSettings,
    environment: Vec<(&'static str, String)>,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

impl OrdersApp {
    pub async fn start(
        redis: &RedisSettings,
        auth: &str,
        settings: &[(&'static str, &str)],
    ) -> Self {
        let database = TestDatabase::new();
        migrate::up(&database.owner(), migrations(MIGRATIONS))
            .await
            .expect("the migrations run");
        let mut environment = vec![("AUTH_URL", auth.to_owned())];
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let (base, admin, lifecycle, done) = run(&database, redis, &environment, "127.0.0.1:0");
        Self {
            base,
            admin,
            client: Client::builder().no_proxy().build().unwrap(),
            sql: database.superuser().await,
            pool: Pool::new(&database.app()).unwrap(),
            database,
            redis: redis.clone(),
            environment,
            lifecycle,
            done,
        }
    }

    /// Ends it, as SIGTERM would.
    pub async fn stop(&mut self) {
        self.lifecycle.soft().cancel();
        (&mut self.done).await.unwrap().unwrap();
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        let address = self.admin.trim_start_matches("http://").to_owned();
        let (base, _, lifecycle, done) =
            run(&self.database, &self.redis, &self.environment, &address);
        (self.base, self.lifecycle, self.done) = (base, lifecycle, done);
    }

    /// A ticket that orders knows.
    pub async fn offered(&self, capacity: i32, price: i64, currency: &str) -> TicketId {
        let ticket = Ticket {
            id: TicketId::new(now()),
            version: 1,
            title: "Concert".to_owned(),
            price,
            currency: currency.parse::<Currency>().unwrap(),
            user_id: UserId::new(now()),
            capacity,
            max_per_order: None,
            max_per_person: None,
        };
        let mut connection = self.pool.get().await.unwrap();
        let connection: &mut AsyncPgConnection = &mut connection;
        tx::begin(connection).await.unwrap();
        let asked = [Asked::from(Command::Offer(ticket.clone()))];
        let done = reservation::apply(connection, Manner::default(), &asked).await;
        let answers = tx::end(connection, done).await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        ticket.id
    }

    /// Orders one, which must succeed.
    pub async fn placed(&self, user: &User, ticket: TicketId) -> Order {
        let request = self.client.post(format!("{}/api/orders", self.base));
        let request = request
            .bearer_auth(&user.session)
            .json(&json!({"ticketId": ticket}));
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, StatusCode::CREATED, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub async fn cancel(&self, user: &User, order: OrderId) -> StatusCode {
        let request = self
            .client
            .delete(format!("{}/api/orders/{order}", self.base));
        let answer = request.bearer_auth(&user.session).send().await.unwrap();
        answer.status()
    }

    pub async fn show(&self, user: &User, order: OrderId) -> Order {
        let request = self.client.get(format!("{}/api/orders/{order}", self.base));
        let answer = request.bearer_auth(&user.session).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// Waits until an order stands so.
    pub async fn becomes(&self, user: &User, order: OrderId, status: OrderStatus) -> Order {
        let url = format!("{}/api/orders/{order}", self.base);
        eventually(&format!("the order is {status:?}"), async || {
            let request = self.client.get(&url).bearer_auth(&user.session);
            // One that has just been started does not know auth's keys yet.
            let answer = request.send().await.ok()?.error_for_status().ok()?;
            let order: Order = answer.json().await.ok()?;
            (order.status == status).then_some(order)
        })
        .await
    }

    /// Moves an order's deadlines, and with them its tickets', into the past.
    pub async fn let_expire(&self, order: OrderId) {
        let past = "now() - interval '1 second'";
        let id = order;
        self.sql
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

    /// Ends an order whose time is over, as the expiration service would.
    pub async fn expire(&self, order: OrderId) {
        self.let_expire(order).await;
        let mut connection = self.pool.get().await.unwrap();
        let connection: &mut AsyncPgConnection = &mut connection;
        tx::begin(connection).await.unwrap();
        let asked = [Asked::from(Command::Reclaim { order_id: order })];
        let done = reservation::apply(connection, Manner::default(), &asked).await;
        let answers = tx::end(connection, done).await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}

fn run(
    database: &TestDatabase,
    redis: &RedisSettings,
    environment: &[(&'static str, String)],
    admin: &str,
) -> (String, String, Lifecycle, JoinHandle<anyhow::Result<()>>) {
    let mut settings: Vec<(&str, String)> = vec![
        ("HTTP_ADDRESS", "127.0.0.1:0".into()),
        ("ADMIN_ADDRESS", admin.to_owned()),
        ("FORWARDED_TOKEN", "traefik".into()),
        ("DATABASE_HOST", "overridden".into()),
        ("DATABASE_USER", "overridden".into()),
        ("DATABASE_PASSWORD", "overridden".into()),
        ("REDIS_URL", redis.url.clone()),
        ("REDIS_PASSWORD", "no password is set".into()),
        ("REDIS_PREFIX", redis.prefix.clone()),
        // Nobody: every ticket is known.
        ("TICKETS_ADMIN_URL", "http://127.0.0.1:9".into()),
        ("SERVICE_TOKEN", "orders shows this".into()),
        ("TICKETS_TOKEN", "tickets shows this".into()),
        ("PAYMENTS_TOKEN", PAYMENTS_TOKEN.into()),
        ("INSTANCE", EventId::new(now()).to_string()),
    ];
    settings.extend(environment.iter().cloned());
    let mut config = Serve::read(Settings::from_pairs(settings)).expect("the settings are right");
    config.database = database.app();
    config.redis.password = None;
    let application =
        Application::build(config, ticketing_runtime::Clock::system()).expect("it builds");
    let base = format!("http://127.0.0.1:{}", application.port().unwrap());
    let admin = format!("http://127.0.0.1:{}", application.admin_port().unwrap());
    let lifecycle = Lifecycle::new(Duration::from_secs(20));
    let signals = Signals::install().unwrap();
    let done = tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals));
    (base, admin, lifecycle, done)
}

impl World {
    /// An order of one ticket that nobody else can have, for 10.50 USD.
    pub async fn order(&self, user: &User) -> Order {
        let ticket = self.orders.offered(1, 10_50, "USD").await;
        self.orders.placed(user, ticket).await
    }
}
