//! The stack that the tests were given, and what they do with it.

mod deployment;
mod paying;
mod people;
mod processes;
mod simulator;
mod traffic;

use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

pub use deployment::finally;
pub use paying::payment_status;
pub use people::{Person, expect, placed, problem};
pub use processes::{frozen, kill_at_once};
use reqwest::{Client, ClientBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
pub use simulator::Fault;
use stack::secrets::Secrets;
use ticketing_testkit::{engine::run, eventually};
pub use traffic::Traffic;

pub const PASSWORD: &str = "correct horse";

/// Deadlines that Redis lost are known again, dead processes are back, and what they left is taken up.
pub const RECOVERED_WITHIN: Duration = Duration::from_secs(90);

/// A running stack, as `stack exec` describes it in the environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Traefik.
    pub base: String,
    pub consul: String,
    pub nomad: String,
    /// The folder that holds all it leaves on disk.
    pub state: PathBuf,
    pub client: Client,
}

impl Stack {
    pub fn get() -> Self {
        Self {
            base: variable("E2E_BASE_URL").trim_end_matches('/').to_owned(),
            consul: variable("E2E_CONSUL"),
            nomad: variable("E2E_NOMAD"),
            state: variable("E2E_STATE").into(),
            client: plain_client()
                .timeout(Duration::from_secs(20))
                .build()
                .unwrap(),
        }
    }

    pub async fn get_path(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.client
            .post(format!("{}{path}", self.base))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// A new account's address and cookie.
    pub async fn sign_up(&self, name: &str) -> (String, String) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let email = format!("{name}-{}-{number}@example.com", std::process::id());
        let credentials = json!({"email": email, "password": PASSWORD});
        let response = self.post("/api/users/signup", &credentials).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        (email, cookie(&response))
    }

    pub async fn current_user(&self, cookie: &str) -> Value {
        let request = self
            .client
            .get(format!("{}/api/users/currentuser", self.base));
        let answer = request.header(header::COOKIE, cookie).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["currentUser"].clone()
    }

    /// `stack` as a developer would call it, on this stack. Returns what it printed.
    pub fn stack(&self, arguments: &[&str]) -> String {
        run(&mut self.command(arguments)).unwrap()
    }

    /// The same, to be run by the caller.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = stack_command();
        command.args(arguments);
        command
    }

    /// As they are now: tests rotate some.
    pub fn secrets(&self) -> Secrets {
        Secrets::load(&self.state.join("secrets.json"))
            .unwrap()
            .expect("a running stack has secrets")
    }

    /// A connection to its Redis, as it is now.
    pub async fn redis(&self) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
        let (password, port) = (self.secrets().redis_password, variable("E2E_REDIS_PORT"));
        let client = redis::Client::open(format!("redis://:{password}@127.0.0.1:{port}"))?;
        // By itself it gives up after half a second.
        let patience = Some(Duration::from_secs(10));
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(patience)
            .set_response_timeout(patience);
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// All schemas, as the role sees them that may only read.
    pub async fn books(&self) -> tokio_postgres::Client {
        database("ticketing_readonly", &self.secrets().readonly_password).await
    }

    /// The same as somebody who may do anything: hold a table up, say.
    pub async fn superuser(&self) -> tokio_postgres::Client {
        database("postgres", &self.secrets().superuser_password).await
    }

    pub async fn nomad(&self, path: &str) -> Value {
        let answer = self
            .client
            .get(format!("{}/v1/{path}", self.nomad))
            .send()
            .await
            .unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// How many requests to these routes an instance has answered, if its admin port tells.
    pub async fn answered(&self, admin: &str, route: &str) -> Option<u64> {
        self.counted(admin, "http_requests_total", route).await
    }

    /// How often browsers have reported a breach of a page's policy, at all instances of web.
    pub async fn policy_reports(&self) -> u64 {
        eventually("every instance of web tells its reports", async || {
            let instances = self.passing("web-admin").await;
            let mut reports = (!instances.is_empty()).then_some(0_u64)?;
            for admin in instances {
                reports += self.counted(&admin, "web_csp_reports_total", "").await?;
            }
            Some(reports)
        })
        .await
    }

    /// The sum of a counter's series that have this in their labels.
    async fn counted(&self, admin: &str, counter: &str, label: &str) -> Option<u64> {
        let metrics = self.client.get(format!("http://{admin}/metrics"));
        let metrics = metrics.send().await.ok()?.error_for_status().ok()?;
        let metrics = metrics.text().await.ok()?;
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with(counter) && line.contains(label));
        let counts = counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
        Some(counts.sum())
    }

    /// `host:port` of the instances of a Consul service whose checks pass.
    pub async fn passing(&self, service: &str) -> Vec<String> {
        let url = format!("{}/v1/health/service/{service}?passing", self.consul);
        let found: Value = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let address = |entry: &Value| {
            let service = &entry["Service"];
            format!(
                "{}:{}",
                service["Address"].as_str().unwrap(),
                service["Port"]
            )
        };
        found.as_array().unwrap().iter().map(address).collect()
    }
}

/// A client of this machine's servers: no proxy is in the way, and no certificate is needed.
pub fn plain_client() -> ClientBuilder {
    Client::builder().no_proxy().tls_certs_only([])
}

/// `stack`, as it was built with these tests, called as from a shell.
pub fn stack_command() -> Command {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(|deps| deps.parent()).unwrap();
    let mut command = Command::new(profile.join("stack"));
    // What cargo tells a test process would make the cargo that `stack` calls build anew.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let kept = ["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&&*name);
        if (name.starts_with("CARGO") && !kept) || name == "LD_LIBRARY_PATH" {
            command.env_remove(&*name);
        }
    }
    command
}

async fn database(user: &str, password: &str) -> tokio_postgres::Client {
    let port = variable("E2E_POSTGRES_PORT");
    let config =
        format!("host=127.0.0.1 port={port} dbname=ticketing user={user} password={password}");
    let connected = tokio_postgres::connect(&config, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    client
}

fn variable(name: &str) -> String {
    optional_variable(name).unwrap_or_else(|| panic!("{name} is not set: run `just test-e2e`"))
}

/// What the runner may leave out.
pub fn optional_variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner tells by the environment"
    )]
    std::env::var(name).ok()
}

/// The next page of a list, by the `Link` header.
pub fn next_page(page: &Response) -> Option<String> {
    let link = page.headers().get(header::LINK)?.to_str().unwrap();
    let (target, relation) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert!(relation.contains(r#"rel="next""#), "{link}");
    Some(target.to_owned())
}

/// `session=…` as a browser would send it back.
pub fn cookie(response: &Response) -> String {
    let header = response.headers()[header::SET_COOKIE].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}
