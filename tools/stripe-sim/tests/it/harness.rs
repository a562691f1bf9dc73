//! A simulator of the test's own, and requests to it.

use reqwest::{Client, Method, Response, header::HeaderMap};
use serde_json::Value;
use stripe_sim::{Settings, Simulator, faults::Plan};

/// A simulator, and a client that has its key.
pub struct Stripe {
    pub simulator: Simulator,
    pub client: Client,
    key: String,
}

/// What it answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// A field of a body: `error.code`.
    pub fn field(&self, path: &str) -> &str {
        let mut value = &self.body;
        for name in path.split('.') {
            value = &value[name];
        }
        value.as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// Status and `error.code`.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.field("error.code"))
    }
}

impl Stripe {
    pub fn start() -> Self {
        Self::of(Simulator::start(Settings::default()))
    }

    pub fn of(simulator: Simulator) -> Self {
        Self {
            key: simulator.key().to_owned(),
            simulator,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Shows another key from now on.
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = key.to_owned();
        self
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.simulator.url());
        self.client.request(method, url).bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.try_post(path, parameters, None).await.unwrap()
    }

    pub async fn keyed(&self, key: &str, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.try_post(path, parameters, Some(key)).await.unwrap()
    }

    pub async fn try_post(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        key: Option<&str>,
    ) -> reqwest::Result<Answer> {
        let body = form(parameters);
        let request = self.request(Method::POST, path).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        Ok(Answer::of(request.send().await?).await)
    }

    /// Sends JSON to one of the simulator's own routes.
    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        Answer::of(self.request(method, path).json(&body).send().await.unwrap()).await
    }

    /// The id of a new payment of 10.50 USD for the order `order-1`.
    pub async fn intent(&self) -> String {
        let parameters = [
            ("amount", "1050"),
            ("currency", "usd"),
            ("automatic_payment_methods[enabled]", "true"),
            ("automatic_payment_methods[allow_redirects]", "never"),
            ("metadata[orderId]", "order-1"),
            ("metadata[paymentId]", "payment-1"),
        ];
        let answer = self.post("/v1/payment_intents", &parameters).await.ok();
        answer.field("id").to_owned()
    }

    pub async fn confirm(&self, intent: &str, method: &str) -> Answer {
        self.post(&confirm_path(intent), &[("payment_method", method)])
            .await
    }

    pub async fn status(&self, intent: &str) -> String {
        let answer = self
            .get(&format!("/v1/payment_intents/{intent}"))
            .await
            .ok();
        answer.field("status").to_owned()
    }

    /// The buyer's answer to the bank.
    pub async fn authenticate(&self, intent: &str, succeed: bool) -> Answer {
        let path = format!("/sim/payment_intents/{intent}/authenticate");
        self.json(Method::POST, &path, serde_json::json!({"succeed": succeed}))
            .await
    }

    pub fn charges(&self) -> u64 {
        self.simulator.totals().charges
    }

    pub fn confirms(&self) -> u64 {
        self.simulator
            .requests("POST /v1/payment_intents/{id}/confirm")
    }

    /// Has one rule apply: `{"route": …, "fault": …}`.
    pub fn fault(&self, rule: Value) {
        let rule = serde_json::from_value(rule).unwrap();
        self.simulator.set_faults(Plan {
            rules: vec![rule],
            ..Plan::default()
        });
    }
}

pub fn confirm_path(intent: &str) -> String {
    format!("/v1/payment_intents/{intent}/confirm")
}

/// Percent-encoded, as far as these tests need it.
pub fn form(parameters: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url.query().unwrap_or_default().to_owned()
}
