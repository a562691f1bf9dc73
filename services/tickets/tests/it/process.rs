//! The binary as Nomad runs it: its environment, its output, its end.

use std::process::{Command, Output, Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::get;
use secrecy::ExposeSecret;
use serde_json::Value;
use ticketing_testkit::{Redis, TestDatabase, engine::free_port, eventually};

struct Environment {
    database: TestDatabase,
    http: String,
    admin: String,
}

impl Environment {
    fn new() -> Self {
        let address = || format!("127.0.0.1:{}", free_port().unwrap());
        Self {
            database: TestDatabase::new(),
            http: address(),
            admin: address(),
        }
    }

    /// `tickets COMMAND` with everything that it needs.
    fn command(&self, arguments: &[&str], owner: bool) -> Command {
        let role = if owner {
            self.database.owner()
        } else {
            self.database.app()
        };
        let mut process = Command::new(env!("CARGO_BIN_EXE_tickets"));
        process
            .args(arguments)
            .env_clear()
            .env("LOG_FORMAT", "json")
            .env("DATABASE_HOST", role.host)
            .env("DATABASE_PORT", role.port.to_string())
            .env("DATABASE_USER", role.user)
            .env("DATABASE_PASSWORD", role.password.expose_secret())
            .env("DATABASE_SCHEMA", role.schema)
            .env("DATABASE_WAIT", "30s")
            .env("HTTP_ADDRESS", &self.http)
            .env("ADMIN_ADDRESS", &self.admin)
            .env("REDIS_URL", Redis::shared().url())
            .env("REDIS_PASSWORD", "none is set")
            .env("REDIS_PREFIX", format!("{}:", self.database.schema()))
            .env("FORWARDED_TOKEN", "traefik")
            .env("SERVICE_TOKEN", "of tickets")
            .env("ORDERS_TOKEN", "of orders")
            .env("AUTH_URL", "http://127.0.0.1:1")
            .env("ORDERS_ADMIN_URL", "http://127.0.0.1:1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        process
    }

    fn run(&self, arguments: &[&str], owner: bool) -> Output {
        self.command(arguments, owner).output().unwrap()
    }
}

fn messages(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).expect(line);
        line["message"].as_str().map(ToOwned::to_owned)
    };
    text.lines().filter_map(message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_migrates_serves_and_ends_on_sigterm() {
    let environment = Environment::new();
    let migrated = environment.run(&["migrate"], true);
    assert!(migrated.status.success(), "{migrated:?}");

    let process = environment.command(&["serve"], false).spawn().unwrap();
    let url = format!("http://{}/api/tickets", environment.http);
    eventually("it serves", async || get(&url).await.ok()).await;
    kill(
        Pid::from_raw(process.id().try_into().unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let ended = tokio::task::spawn_blocking(|| process.wait_with_output().unwrap());
    let output = ended.await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let messages = messages(&output);
    for expected in ["serving", "stopping"] {
        assert!(
            messages.iter().any(|message| message == expected),
            "{messages:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_commands() {
    let environment = Environment::new();
    assert!(environment.run(&["migrate"], true).status.success());
    let again = environment.run(&["migrate"], true);
    assert!(messages(&again).contains(&"the schema is up to date".to_owned()));
    let resynced = environment.run(&["resync"], false);
    assert!(resynced.status.success(), "{resynced:?}");
    let listed = environment.run(&["dlq", "list"], false);
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("no dead letters"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_secret_says_which() {
    let environment = Environment::new();
    for secret in [
        "DATABASE_PASSWORD",
        "REDIS_PASSWORD",
        "FORWARDED_TOKEN",
        "SERVICE_TOKEN",
        "ORDERS_TOKEN",
    ] {
        let mut command = environment.command(&["serve"], false);
        let output = command.env_remove(secret).output().unwrap();
        assert!(!output.status.success(), "it started without {secret}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            complaint.contains(&format!("{secret} is missing")),
            "{complaint}"
        );
    }
}
