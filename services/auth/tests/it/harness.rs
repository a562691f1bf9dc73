//! Starts what production starts, on free ports, with a schema and a key prefix of its own.

use auth::{SERVICE, app::Application, config::Serve, store::MIGRATIONS};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{COOKIE, HeaderValue, SET_COOKIE},
};
use serde_json::{Value, json};
use ticketing_contracts::api::problem::ProblemBody;
use ticketing_postgres::{DatabaseSettings, migrate};
use ticketing_runtime::{Lifecycle, Settings, lifecycle::Signals};
use ticketing_testkit::{ManualClock, Redis, TestDatabase};
use tokio::task::JoinHandle;

/// Two keys in the form of `SESSION_KEYS`.
pub const KEY_A: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";
pub const KEY_B: &str = "MC4CAQAwBQYDK2VwBCIEIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";

/// The secret that makes forwarded headers believable.
pub const FORWARDED_TOKEN: &str = "traefik";

pub const PASSWORD: &str = "correct horse";

/// A running auth.
pub struct TestApp {
    pub base: String,
    pub admin: String,
    pub client: Client,
    pub clock: ManualClock,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

/// What is to be started; by default with limits that no test meets by accident.
pub struct Builder {
    database: DatabaseSettings,
    redis_url: String,
    settings: Vec<(&'static str, String)>,
    clock: ManualClock,
}

impl Builder {
    pub async fn new() -> Self {
        let database = TestDatabase::new();
        migrate::up(&database.owner(), MIGRATIONS)
            .await
            .expect("the migrations run");
        Self {
            redis_url: Redis::shared().url(),
            settings: vec![("REDIS_PREFIX", format!("{}:", database.schema()))],
            database: database.app(),
            clock: ManualClock::now(),
        }
    }

    pub fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    pub fn redis(mut self, url: String) -> Self {
        self.redis_url = url;
        self
    }

    pub fn database(mut self, database: DatabaseSettings) -> Self {
        self.database = database;
        self
    }

    /// Starts an instance; several of one builder share its schema and Redis, as in production.
    pub async fn start(&self) -> TestApp {
        let mut settings: Vec<(&str, String)> = vec![
            ("HTTP_ADDRESS", "127.0.0.1:0".into()),
            ("ADMIN_ADDRESS", "127.0.0.1:0".into()),
            ("FORWARDED_TOKEN", FORWARDED_TOKEN.into()),
            ("DATABASE_HOST", "overridden below".into()),
            ("DATABASE_USER", "overridden below".into()),
            ("DATABASE_PASSWORD", "overridden below".into()),
            ("REDIS_URL", self.redis_url.clone()),
            ("REDIS_PASSWORD", "no password is set".into()),
            ("SESSION_KEYS", KEY_A.into()),
            // Two cores full of hashing are slow; no test but one is about a Redis that hangs.
            ("REDIS_PATIENCE", "5s".into()),
            ("SIGNIN_PER_ACCOUNT", "100000/1s".into()),
            ("SIGNIN_PER_ADDRESS", "100000/1s".into()),
            ("SIGNUP_PER_ADDRESS", "100000/1s".into()),
        ];
        settings.extend(self.settings.iter().cloned());
        let mut config =
            Serve::read(Settings::from_pairs(settings)).expect("the settings are right");
        config.database = self.database.clone();
        config.redis.password = None;
        let application = Application::build(config, self.clock.clock()).expect("it builds");
        let signals = Signals::install().unwrap();
        let lifecycle = Lifecycle::new(std::time::Duration::from_secs(20));
        TestApp {
            base: format!("http://127.0.0.1:{}", application.port().unwrap()),
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            client: Client::builder().no_proxy().build().unwrap(),
            clock: self.clock.clone(),
            done: tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals)),
            lifecycle,
        }
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Builder::new().await.start().await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    pub async fn sign_up(&self, email: &str) -> Response {
        let body = json!({"email": email, "password": PASSWORD});
        self.post("/api/users/signup", &body).send().await.unwrap()
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Response {
        let body = json!({"email": email, "password": password});
        self.post("/api/users/signin", &body).send().await.unwrap()
    }

    pub async fn current_user(&self, cookie: &str) -> Value {
        let request = self
            .request(Method::GET, "/api/users/currentuser")
            .header(COOKIE, cookie);
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// The `Set-Cookie` header of an answer.
pub fn set_cookie(response: &Response) -> String {
    let header: &HeaderValue = response
        .headers()
        .get(SET_COOKIE)
        .expect("there is a cookie");
    header.to_str().unwrap().to_owned()
}

/// `session=…` as a browser would send it back.
pub fn cookie(response: &Response) -> String {
    set_cookie(response).split(';').next().unwrap().to_owned()
}

/// Checks that an answer is the contract's error and returns its first message.
pub async fn problem(response: Response, status: StatusCode) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let body: ProblemBody = response.json().await.expect("the body is a problem");
    assert_eq!(body.status, status.as_u16());
    let trace_id = body.trace_id.expect("there is a trace id");
    assert_eq!(trace_id.len(), 32, "{trace_id}");
    body.errors
        .first()
        .expect("there is an error")
        .message
        .clone()
}

/// The service's name is part of addresses and settings; a test would not notice a change.
#[test]
fn the_name_is_auth() {
    assert_eq!(SERVICE, "auth");
}
