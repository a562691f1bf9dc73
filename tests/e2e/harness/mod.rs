//! The stack that the tests were given, and traffic to it.

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use ticketing_testkit::engine::run;
use tokio::task::JoinSet;

pub const PASSWORD: &str = "correct horse";

/// A running stack, as `stack exec` describes it in the environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Traefik.
    pub base: String,
    pub consul: String,
    pub nomad: String,
    pub client: Client,
}

impl Stack {
    pub fn get() -> Self {
        Self {
            base: variable("E2E_BASE_URL").trim_end_matches('/').to_owned(),
            consul: variable("E2E_CONSUL"),
            nomad: variable("E2E_NOMAD"),
            client: Client::builder()
                .no_proxy()
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
        let mut command = Command::new(stack_binary());
        // What cargo tells a test process would make the cargo that `stack` calls build anew.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let kept = ["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&&*name);
            if (name.starts_with("CARGO") && !kept) || name == "LD_LIBRARY_PATH" {
                command.env_remove(&*name);
            }
        }
        run(command.args(arguments)).unwrap()
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

    /// The process that serves on `address`, unless it is just being replaced.
    pub fn pid_on(&self, address: &str) -> Option<i32> {
        let setting = format!("HTTP_ADDRESS={address}");
        let serves = |pid: &i32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == setting.as_bytes())
        };
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.find(serves)
    }
}

/// `stack`, as it was built with these tests.
pub fn stack_binary() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(|deps| deps.parent()).unwrap();
    profile.join("stack")
}

fn variable(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner tells by the environment"
    )]
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `just test-e2e`"))
}

/// `session=…` as a browser would send it back.
pub fn cookie(response: &Response) -> String {
    let header = response.headers()[header::SET_COOKIE].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

/// GETs from several clients, until it is asked how they went.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    failures: Arc<Mutex<Vec<String>>>,
    clients: JoinSet<()>,
}

impl Traffic {
    pub fn start(url: &str) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let failures = Arc::<Mutex<Vec<String>>>::default();
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let (failures, url) = (Arc::clone(&failures), url.to_owned());
            clients.spawn(async move {
                let client = Client::builder().no_proxy().build().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    let outcome = client.get(&url).send().await;
                    match outcome.and_then(Response::error_for_status) {
                        Ok(_) => _ = answered.fetch_add(1, Ordering::Relaxed),
                        Err(error) => failures.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
        Self {
            stop,
            answered,
            failures,
            clients,
        }
    }

    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Ends it and checks that nothing failed.
    pub async fn end_without_failure(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        let failures = self.failures.lock().unwrap();
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            failures.is_empty(),
            "{} of {answered} failed: {failures:?}",
            failures.len()
        );
        assert!(answered > 0);
    }
}
