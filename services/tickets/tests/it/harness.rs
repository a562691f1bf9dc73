//! Starts what production starts, on free ports, with a schema and a key prefix of its own; beside it
//! stand-ins for the two services that tickets asks: auth for its keys, orders for its stock.

pub mod auth;
pub mod orders;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};
use ticketing_contracts::{
    api::problem::ProblemBody,
    events::{Event, OrderEvent, orders::Inventory},
    ids::{EventId, TicketId, UserId},
    time::to_text,
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::{DatabaseSettings, migrate};
use ticketing_runtime::{Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{ManualClock, Redis, TestDatabase, connect_patiently, eventually};
use tickets::{SERVICE, app::Application, config::Serve, store};
use tokio::task::JoinHandle;
use uuid::Uuid;

use auth::Auth;
use orders::Orders;

/// What tickets shows to orders.
pub const SERVICE_TOKEN: &str = "the token of tickets";

/// What orders shows to tickets.
pub const ORDERS_TOKEN: &str = "the token of orders";

/// A running tickets.
pub struct TestApp {
    pub base: String,
    pub admin: String,
    pub client: Client,
    pub clock: ManualClock,
    pub auth: Auth,
    pub orders: Orders,
    pub database: TestDatabase,
    pub redis: RedisSettings,
    /// A superuser's connection, for looking and for getting in the way.
    pub sql: tokio_postgres::Client,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

/// Somebody with a session.
#[derive(Clone)]
pub struct User {
    pub id: UserId,
    pub token: String,
}

/// What is to be started.
pub struct Builder {
    database: TestDatabase,
    pub app_role: DatabaseSettings,
    redis_url: String,
    clock: ManualClock,
    auth: Auth,
    orders: Orders,
}

impl Builder {
    pub async fn new() -> Self {
        Self::on(TestDatabase::new()).await
    }

    pub async fn on(database: TestDatabase) -> Self {
        migrate::up(&database.owner(), store::migrations())
            .await
            .expect("the migrations run");
        Self {
            app_role: database.app(),
            database,
            redis_url: Redis::shared().url(),
            clock: ManualClock::now(),
            auth: Auth::start(),
            orders: Orders::start(SERVICE_TOKEN),
        }
    }

    pub fn redis(mut self, url: String) -> Self {
        self.redis_url = url;
        self
    }

    /// Starts an instance; several of one builder share its schema and Redis, as in production.
    pub async fn start(&self) -> TestApp {
        let redis = RedisSettings {
            url: self.redis_url.clone(),
            password: None,
            prefix: format!("{}:", self.database.schema()),
        };
        let settings: Vec<(&str, &str)> = vec![
            ("HTTP_ADDRESS", "127.0.0.1:0"),
            ("ADMIN_ADDRESS", "127.0.0.1:0"),
            ("HTTP_WORKERS", "2"),
            ("FORWARDED_TOKEN", "traefik"),
            ("DATABASE_HOST", "overridden below"),
            ("DATABASE_USER", "overridden below"),
            ("DATABASE_PASSWORD", "overridden below"),
            ("REDIS_URL", &redis.url),
            ("REDIS_PASSWORD", "overridden below"),
            ("SERVICE_TOKEN", SERVICE_TOKEN),
            ("ORDERS_TOKEN", ORDERS_TOKEN),
            ("AUTH_URL", &self.auth.base),
            ("ORDERS_ADMIN_URL", &self.orders.base),
        ];
        let mut config =
            Serve::read(Settings::from_pairs(settings)).expect("the settings are right");
        config.database = self.app_role.clone();
        config.redis = redis.clone();
        let application = Application::build(config, self.clock.clock()).expect("it builds");
        let signals = Signals::install().unwrap();
        let lifecycle = Lifecycle::new(std::time::Duration::from_secs(20));
        let app = TestApp {
            base: format!("http://127.0.0.1:{}", application.port().unwrap()),
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            client: Client::builder().no_proxy().build().unwrap(),
            clock: self.clock.clone(),
            auth: self.auth.clone(),
            orders: self.orders.clone(),
            database: self.database.clone(),
            redis,
            sql: self.database.superuser().await,
            done: tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals)),
            lifecycle,
        };
        app.knows_sessions().await;
        app
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Builder::new().await.start().await
    }

    /// Waits until it has auth's keys: before, who has a session has to come again.
    async fn knows_sessions(&self) {
        let user = self.user();
        eventually("auth's keys are known", async || {
            let request = self.by(&user, Method::GET, "/api/tickets?owner=me");
            let answer = request.send().await.ok()?;
            (answer.status() != StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
    }

    /// Somebody new.
    pub fn user(&self) -> User {
        let now = self.clock.clock().now();
        let id = UserId::new(now);
        let token = self.auth.session(id, now);
        User { id, token }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub fn by(&self, user: &User, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&user.token)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub fn post(&self, user: &User, body: &Value) -> RequestBuilder {
        self.by(user, Method::POST, "/api/tickets").json(body)
    }

    pub fn put(&self, user: &User, id: &str, body: &Value) -> RequestBuilder {
        self.by(user, Method::PUT, &path(id)).json(body)
    }

    pub async fn delete(&self, user: &User, id: &str) -> Response {
        let request = self.by(user, Method::DELETE, &path(id));
        request.send().await.unwrap()
    }

    /// Puts a ticket up and returns it.
    pub async fn put_up(&self, user: &User, body: &Value) -> Value {
        json_of(
            self.post(user, body).send().await.unwrap(),
            StatusCode::CREATED,
        )
        .await
    }

    /// Puts a seat up and returns its id.
    pub async fn seat(&self, user: &User) -> String {
        id_of(
            &self
                .put_up(user, &json!({"title": "Row 7", "price": 10.5}))
                .await,
        )
    }

    /// Puts up an offer of many and returns its id.
    pub async fn offer(&self, user: &User, capacity: i32) -> String {
        let body = json!({"title": "Standing", "price": 20, "capacity": capacity});
        id_of(&self.put_up(user, &body).await)
    }

    /// The ticket as it is shown.
    pub async fn shown(&self, id: &str) -> Value {
        json_of(self.get(&path(id)).await, StatusCode::OK).await
    }

    /// What orders would publish.
    pub async fn report(&self, inventory: &Inventory) {
        let event = OrderEvent::InventoryUpdated(inventory.clone());
        self.publish(&event).await;
    }

    pub async fn publish(&self, event: &OrderEvent) {
        self.publish_raw(event.kind(), event.subject(), &event.data().unwrap())
            .await;
    }

    pub async fn publish_raw(&self, kind: &str, subject: Uuid, data: &str) {
        let now = self.clock.clock().now();
        let mut connection = connect_patiently(&self.redis.url).await;
        let mut add = redis::cmd("XADD");
        add.arg(self.redis.key(OrderEvent::STREAM)).arg("*");
        for (name, value) in [
            ("id", EventId::new(now).to_string()),
            ("type", kind.to_owned()),
            ("subject", subject.to_string()),
            ("version", "1".to_owned()),
            ("time", to_text(now)),
            ("traceparent", String::new()),
            ("data", data.to_owned()),
        ] {
            add.arg(name).arg(value);
        }
        let _: String = add.query_async(&mut connection).await.unwrap();
    }

    /// Reports, and waits until it is shown.
    pub async fn reported(&self, inventory: &Inventory) {
        self.report(inventory).await;
        let id = inventory.ticket_id.to_string();
        eventually("the report is shown", async || {
            let version = format!("SELECT stock_version FROM ticket WHERE id = '{id}'");
            (self.number(&version).await >= inventory.version).then_some(())
        })
        .await;
    }

    /// The events in the outbox, in their order: type, version, data.
    pub async fn events(&self) -> Vec<(String, i64, Value)> {
        let rows = "SELECT kind, version, data FROM outbox ORDER BY seq";
        let rows = self.sql.query(rows, &[]).await.unwrap();
        let event = |row: &tokio_postgres::Row| {
            let data: String = row.get(2);
            (row.get(0), row.get(1), serde_json::from_str(&data).unwrap())
        };
        rows.iter().map(event).collect()
    }

    /// Their types alone.
    pub async fn event_types(&self) -> Vec<String> {
        let events = self.events().await;
        events.into_iter().map(|(kind, ..)| kind).collect()
    }

    /// A number out of Postgres.
    pub async fn number(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until this many statements wait for a lock on this table of ours.
    pub async fn waiting_for(&self, table: &str, count: i64) {
        let waiting = format!(
            "SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"
        );
        let observer = self.database.superuser().await;
        eventually("statements wait for the lock", async || {
            let row = observer.query_one(&waiting, &[]).await.unwrap();
            (row.get::<_, i64>(0) == count).then_some(())
        })
        .await;
    }

    /// A call of another service.
    pub async fn internal(&self, path: &str, token: Option<&str>) -> Response {
        let mut request = self.client.get(format!("{}{path}", self.admin));
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        request.send().await.unwrap()
    }
}

pub fn path(id: &str) -> String {
    format!("/api/tickets/{id}")
}

pub fn id_of(ticket: &Value) -> String {
    ticket["id"].as_str().expect("there is an id").to_owned()
}

/// How orders reports a ticket at its first version of which so many are held and sold.
pub fn inventory(id: &str, version: i64, capacity: i32, held: i32, sold: i32) -> Inventory {
    Inventory {
        ticket_id: id.parse::<TicketId>().unwrap(),
        version,
        ticket_version: 1,
        capacity,
        held,
        sold,
        next_release_at: None,
        order_id: None,
    }
}

/// The body of an answer with this status.
pub async fn json_of(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).expect("the body is JSON")
}

/// Checks that an answer is the contract's error and returns its first message and field.
pub async fn problem_with_field(
    response: Response,
    status: StatusCode,
) -> (String, Option<String>) {
    let found = response.status();
    let kind = response.headers()["content-type"].clone();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    assert_eq!(kind, "application/problem+json");
    let body: ProblemBody = serde_json::from_str(&text).expect("the body is a problem");
    assert_eq!(body.status, status.as_u16());
    let trace_id = body.trace_id.expect("there is a trace id");
    assert_eq!(trace_id.len(), 32, "{trace_id}");
    let error = body.errors.into_iter().next().expect("there is an error");
    (error.message, error.field)
}

pub async fn problem(response: Response, status: StatusCode) -> String {
    problem_with_field(response, status).await.0
}

/// The service's name is part of addresses and settings; a test would not notice a change.
#[test]
fn the_name_is_tickets() {
    assert_eq!(SERVICE, "tickets");
}
