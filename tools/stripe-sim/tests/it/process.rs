//! The binary as Nomad runs it: its environment, a kill, its end.

use std::process::Command;

use nix::sys::signal::Signal;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use ticketing_testkit::{Process, engine::free_port, eventually};

struct Running {
    process: Process,
    base: String,
    client: Client,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stripe-sim"));
    command.arg("serve").env_clear();
    command
}

async fn start(folder: &TempDir, port: u16) -> Running {
    let mut command = command();
    command
        .env("HTTP_ADDRESS", format!("127.0.0.1:{port}"))
        .env("STRIPE_KEY", "sk_test_1")
        .env("STRIPE_PUBLISHABLE_KEY", "pk_test_1")
        .env("STRIPE_WEBHOOK_SECRET", "whsec_1")
        .env("STRIPE_SIM_PREFIX", "/stripe-sim")
        .env("STRIPE_SIM_DATA", folder.path());
    let running = Running {
        process: Process::start(&mut command).unwrap(),
        base: format!("http://127.0.0.1:{port}"),
        client: Client::builder().no_proxy().build().unwrap(),
    };
    let health = format!("{}/stripe-sim/sim/health", running.base);
    eventually("it serves", async || {
        let answer = running.client.get(&health).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    running
}

impl Running {
    async fn post(&self, path: &str, body: &'static str) -> Value {
        let request = self.client.post(format!("{}{path}", self.base)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.bearer_auth("sk_test_1").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn totals(&self) -> Value {
        let request = self.client.get(format!("{}/sim/totals", self.base));
        let answer = request.bearer_auth("sk_test_1").send().await.unwrap();
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn a_kill_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let running = start(&folder, port).await;
    for _ in 0..20 {
        let body = "amount=1050&currency=usd&payment_method=pm_card_visa";
        let intent = running.post("/v1/payment_intents", body).await;
        let id = intent["id"].as_str().unwrap();
        running
            .post(&format!("/v1/payment_intents/{id}/confirm"), "")
            .await;
    }
    running.process.kill().unwrap();
    drop(running);

    let running = start(&folder, port).await;
    let totals = running.totals().await;
    assert_eq!(totals["charges"], 20);
    assert_eq!(totals["currencies"]["usd"]["charged"], 20 * 1050);
    assert_eq!(running.process.end(Signal::SIGTERM).unwrap(), Some(0));
}

#[tokio::test]
async fn a_start_with_a_live_key_is_refused() {
    let output = command()
        .env("HTTP_ADDRESS", "127.0.0.1:0")
        .env("STRIPE_KEY", "sk_live_1")
        .env("STRIPE_PUBLISHABLE_KEY", "pk_test_1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("STRIPE_KEY") && error.contains("STRIPE_WEBHOOK_SECRET"),
        "{error}"
    );
    assert!(!error.contains("sk_live_1"), "{error}");
}
