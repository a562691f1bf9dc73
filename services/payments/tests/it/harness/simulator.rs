//! The payment simulator in Stripe's place, and what it is asked about it.

use std::time::Duration;

use payments::gateway::{Stripe, StripeSettings};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use stripe_sim::{Settings, Simulator};
use ticketing_contracts::ids::OrderId;

pub const KEY: &str = "sk_test_payments";
pub const PUBLISHABLE_KEY: &str = "pk_test_payments";
pub const WEBHOOK_SECRET: &str = "whsec_payments";

/// How long an answer of Stripe's is waited for that hangs for [`HANG`]: nobody must be given up on a slow
/// machine otherwise.
pub const GIVES_UP: &str = "8s";

/// Longer than any payments of these tests waits, in seconds.
const HANG: u32 = 60;

/// A running simulator.
pub struct Sim {
    pub base: String,
    simulator: Simulator,
    client: Client,
}

/// What goes wrong with a route, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Fault(pub &'static str, pub &'static str, pub u32);

impl Sim {
    pub fn start() -> Self {
        let simulator = Simulator::start(Settings {
            key: KEY.to_owned().into(),
            publishable_key: PUBLISHABLE_KEY.to_owned(),
            webhook_secret: WEBHOOK_SECRET.to_owned().into(),
            ..Settings::default()
        });
        Self {
            base: simulator.url().to_owned(),
            simulator,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// What payments asks it with.
    pub fn gateway(&self) -> Stripe {
        Stripe::new(&StripeSettings {
            api_base: self.base.clone(),
            key: KEY.to_owned().into(),
            webhook_secret: WEBHOOK_SECRET.to_owned().into(),
            publishable_key: PUBLISHABLE_KEY.to_owned(),
            js: String::new(),
            simulated: true,
            timeout: Duration::from_secs(10),
            concurrency: 8,
        })
        .unwrap()
    }

    /// Where payments can be reached.
    pub fn send_webhooks_to(&self, payments: &str) {
        self.simulator
            .send_webhooks_to(format!("{payments}/api/payments/webhook"));
    }

    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(KEY).json(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// From now on these go wrong, and nothing else.
    pub async fn faults(&self, faults: &[Fault]) {
        self.plan(&json!({"rules": rules(faults, HANG)})).await;
    }

    /// It hangs for so many seconds only, and then answers.
    pub async fn hangs(&self, fault: Fault, seconds: u32) {
        self.plan(&json!({"rules": rules(&[fault], seconds)})).await;
    }

    /// The same, and no webhook tells of what happens.
    pub async fn hangs_untold(&self, fault: Fault, seconds: u32) {
        self.plan(&json!({"rules": rules(&[fault], seconds), "webhooks": false}))
            .await;
    }

    /// The same, and no webhook tells of what happens.
    pub async fn faults_untold(&self, faults: &[Fault]) {
        self.plan(&json!({"rules": rules(faults, HANG), "webhooks": false}))
            .await;
    }

    /// From now on every answer takes so long, and nothing goes wrong.
    pub async fn slowly(&self, milliseconds: u64) {
        self.plan(&json!({"latencyMs": milliseconds})).await;
    }

    /// Takes the place of what was planned before.
    async fn plan(&self, plan: &Value) {
        self.ask(Method::PUT, "/sim/faults", plan).await;
    }

    /// What Stripe has of an order: one `PaymentIntent`, or none.
    pub async fn intent(&self, order: OrderId) -> Option<Value> {
        let path = format!("/sim/payment_intents?order_id={order}");
        let mut found = self.ask(Method::GET, &path, &Value::Null).await;
        found["data"].as_array_mut().unwrap().pop()
    }

    /// How often the buyer of an order was charged.
    pub async fn charges(&self, order: OrderId) -> u64 {
        let path = format!("/sim/payment_intents?order_id={order}");
        let found = self.ask(Method::GET, &path, &Value::Null).await;
        let intents = found["data"].as_array().unwrap();
        intents
            .iter()
            .map(|intent| intent["charges"].as_u64().unwrap())
            .sum()
    }

    /// How much of it went back, in Stripe's minor units.
    pub async fn refunded(&self, order: OrderId) -> u64 {
        let intent = self.intent(order).await;
        intent.map_or(0, |intent| intent["refunded"].as_u64().unwrap())
    }

    /// How often a route was asked.
    pub async fn asked(&self, route: &str) -> u64 {
        let found = self.ask(Method::GET, "/sim/requests", &Value::Null).await;
        found["counts"][route].as_u64().unwrap_or(0)
    }

    /// The buyer's answer to 3-D Secure.
    pub async fn authenticate(&self, intent: &str, succeed: bool) {
        let path = format!("/sim/payment_intents/{intent}/authenticate");
        self.ask(Method::POST, &path, &json!({"succeed": succeed}))
            .await;
    }
}

fn rules(faults: &[Fault], seconds: u32) -> Vec<Value> {
    let rule = |Fault(route, fault, times): &Fault| json!({"route": route, "fault": fault, "times": times, "seconds": seconds});
    faults.iter().map(rule).collect()
}
