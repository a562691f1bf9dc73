//! The binary as Nomad runs it: its environment, its output, its end.

use std::{
    process::{Command, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::get;
use serde_json::Value;
use ticketing_testkit::{Redis, TestDatabase, engine::free_port, eventually};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use crate::harness::KEY_A;

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

    /// `auth COMMAND` with everything that it needs.
    fn command(&self, command: &str, owner: bool) -> Command {
        let role = if owner {
            self.database.owner()
        } else {
            self.database.app()
        };
        let mut process = Command::new(env!("CARGO_BIN_EXE_auth"));
        let password = secrecy::ExposeSecret::expose_secret(&role.password).to_owned();
        process
            .arg(command)
            .env_clear()
            .env("LOG_FORMAT", "json")
            .env("DATABASE_HOST", role.host)
            .env("DATABASE_PORT", role.port.to_string())
            .env("DATABASE_USER", role.user)
            .env("DATABASE_PASSWORD", password)
            .env("DATABASE_SCHEMA", role.schema)
            .env("DATABASE_WAIT", "30s")
            .env("HTTP_ADDRESS", &self.http)
            .env("ADMIN_ADDRESS", &self.admin)
            .env("REDIS_URL", Redis::shared().url())
            .env("REDIS_PASSWORD", "none is set")
            .env("SESSION_KEYS", KEY_A)
            .env("FORWARDED_TOKEN", "traefik")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        process
    }

    /// Starts it, asks it once when it is up, and ends it by SIGTERM.
    async fn serve_once(&self, mut command: Command) -> Output {
        let process = command.spawn().unwrap();
        let url = format!("http://{}/api/users/currentuser", self.http);
        eventually("it serves", async || get(&url).await.ok()).await;
        kill(
            Pid::from_raw(process.id().try_into().unwrap()),
            Signal::SIGTERM,
        )
        .unwrap();
        tokio::task::spawn_blocking(|| process.wait_with_output().unwrap())
            .await
            .unwrap()
    }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_migrates_serves_and_ends_on_sigterm() {
    let environment = Environment::new();
    let migrated = environment.command("migrate", true).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    assert!(environment.database.dump().contains("CREATE TABLE"));

    let output = environment
        .serve_once(environment.command("serve", false))
        .await;
    assert!(output.status.success(), "{output:?}");
    let lines = lines(&output);
    let messages: Vec<_> = lines
        .iter()
        .filter_map(|line| line["message"].as_str())
        .collect();
    assert!(
        messages.contains(&"serving") && messages.contains(&"stopping"),
        "{messages:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_never_migrates() {
    let environment = Environment::new();
    environment
        .serve_once(environment.command("serve", false))
        .await;
    assert!(!environment.database.dump().contains("CREATE TABLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_secret_says_which() {
    let environment = Environment::new();
    for secret in [
        "DATABASE_PASSWORD",
        "REDIS_PASSWORD",
        "SESSION_KEYS",
        "FORWARDED_TOKEN",
    ] {
        let output = environment
            .command("serve", false)
            .env_remove(secret)
            .output()
            .unwrap();
        assert!(!output.status.success(), "it started without {secret}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            complaint.contains(&format!("{secret} is missing")),
            "{complaint}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_is_logged_with_its_trace() {
    let environment = Environment::new();
    // Without migrations every sign-in fails inside.
    let process = environment.command("serve", false).spawn().unwrap();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    eventually("it serves", async || {
        let url = format!("http://{}/api/users/signin", environment.http);
        let body = serde_json::json!({"email": "private@example.com", "password": "hunter22"});
        let request = reqwest::Client::new().post(url).json(&body);
        let request = request.header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
        let answer = request.send().await.ok()?;
        // Busy, it may say to come again.
        if answer.status() != 500 {
            return None;
        }
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["message"], "Something went wrong");
        assert_eq!(body["traceId"], trace);
        Some(())
    })
    .await;
    kill(
        Pid::from_raw(process.id().try_into().unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let output = tokio::task::spawn_blocking(|| process.wait_with_output().unwrap())
        .await
        .unwrap();
    let error = lines(&output)
        .into_iter()
        .find(|line| line["level"] == "ERROR")
        .unwrap();
    assert_eq!(error["span"]["trace_id"], trace, "{error}");
    assert!(
        error["cause"].as_str().unwrap().contains("users"),
        "the operator sees why: {error}"
    );
    let everything = String::from_utf8(output.stdout).unwrap();
    assert!(
        !everything.contains("private@") && !everything.contains("hunter22"),
        "{everything}"
    );
}

/// A collector that notes the paths it is sent.
async fn collector() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, paths) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut buffer = vec![0; 64 * 1024];
            let read = connection.read(&mut buffer).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            _ = connection.write_all(answer).await;
            _ = sender.send(request);
        }
    });
    (endpoint, paths)
}

/// The last spans are flushed on the way out: the collector has them though none was due yet.
#[tokio::test(flavor = "multi_thread")]
async fn traces_leave_by_otlp_when_asked_for() {
    let (endpoint, mut requests) = collector().await;
    let environment = Environment::new();
    let mut command = environment.command("serve", false);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    let output = environment.serve_once(command).await;
    assert!(output.status.success(), "{output:?}");
    let request = tokio::time::timeout(Duration::from_secs(30), requests.recv()).await;
    let request = request.expect("the collector is sent something").unwrap();
    assert!(request.starts_with("POST /v1/traces"), "{request}");
}
