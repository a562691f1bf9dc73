//! The binary as Nomad runs it: its environment, its output, its end.

use std::process::{Command, Output, Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::get;
use secrecy::ExposeSecret;
use serde_json::Value;
use ticketing_postgres::DatabaseSettings;
use ticketing_testkit::{TestDatabase, engine::free_port, eventually};

use crate::harness::World;

fn orders(arguments: &[&str], role: &DatabaseSettings) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_orders"));
    process
        .args(arguments)
        .env_clear()
        .env("LOG_FORMAT", "json")
        .env("DATABASE_HOST", &role.host)
        .env("DATABASE_PORT", role.port.to_string())
        .env("DATABASE_USER", &role.user)
        .env("DATABASE_PASSWORD", role.password.expose_secret())
        .env("DATABASE_SCHEMA", &role.schema)
        .env("DATABASE_WAIT", "30s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    process
}

fn messages(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line["message"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_ends_on_sigterm() {
    let world = World::new().await;
    let [http, admin] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port().unwrap()));
    let mut serve = orders(&["serve"], &world.settings);
    serve
        .env("HTTP_ADDRESS", &http)
        .env("ADMIN_ADDRESS", &admin)
        .env("REDIS_URL", &world.redis.url)
        .env("REDIS_PASSWORD", "none is set")
        .env("REDIS_PREFIX", &world.redis.prefix)
        .env("FORWARDED_TOKEN", "traefik")
        .env("SERVICE_TOKEN", "a")
        .env("TICKETS_TOKEN", "b")
        .env("PAYMENTS_TOKEN", "c")
        .env("INSTANCE", "one");
    let process = serve.spawn().unwrap();
    eventually("it serves", async || {
        get(format!("http://{http}/api/orders/openapi.json"))
            .await
            .ok()
    })
    .await;
    let pid = Pid::from_raw(process.id().try_into().unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let output = tokio::task::spawn_blocking(|| process.wait_with_output().unwrap());
    let messages = messages(&output.await.unwrap());
    for expected in ["serving", "stopping"] {
        assert!(messages.iter().any(|said| said == expected), "{messages:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_migrates_and_publishes_once_more_and_lists_dead_letters() {
    let database = TestDatabase::new();
    let migrated = orders(&["migrate"], &database.owner()).output().unwrap();
    assert_eq!(messages(&migrated), ["the schema is up to date"]);
    assert!(database.dump().contains("CREATE TABLE"));
    let resynced = orders(&["resync"], &database.app()).output().unwrap();
    assert_eq!(messages(&resynced), ["published once more"]);
    let letters = orders(&["dlq", "list"], &database.app()).output().unwrap();
    let printed = String::from_utf8(letters.stdout).unwrap();
    assert_eq!(
        printed,
        format!("no dead letters in {}\n", database.schema())
    );
}

#[test]
fn a_start_without_secrets_says_which() {
    let role = TestDatabase::new().app();
    let output = orders(&["serve"], &role).output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8(output.stderr).unwrap();
    for secret in [
        "REDIS_PASSWORD",
        "SERVICE_TOKEN",
        "TICKETS_TOKEN",
        "FORWARDED_TOKEN",
    ] {
        assert!(
            complaint.contains(&format!("{secret} is missing")),
            "{complaint}"
        );
    }
}
