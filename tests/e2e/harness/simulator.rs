//! The payment simulator in Stripe's place: what it has charged, and what goes wrong with it.

use std::collections::HashMap;

use reqwest::{Client, Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use ticketing_contracts::ids::OrderId;
use ticketing_testkit::eventually;

use super::{Stack, deployment::finally, people::expect, variable};

/// The simulator of the stack.
#[derive(Debug, Clone)]
pub struct Simulator {
    url: String,
    key: String,
    client: Client,
}

/// A `PaymentIntent`, and what has been done with it.
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    pub id: String,
    pub status: String,
    /// In Stripe's minor units.
    pub amount: i64,
    pub currency: String,
    pub metadata: HashMap<String, String>,
    /// Those that succeeded.
    pub charges: u32,
    /// In Stripe's minor units.
    pub refunded: i64,
}

#[derive(Debug, Deserialize)]
struct List<T> {
    data: Vec<T>,
}

impl Stack {
    pub fn simulator(&self) -> Simulator {
        Simulator {
            url: variable("E2E_SIMULATOR"),
            key: self.secrets().payment_keys().secret.clone(),
            client: self.client.clone(),
        }
    }
}

impl Simulator {
    /// What Stripe has of an order, if it was asked at all. There is never more than one.
    pub async fn intent(&self, order: OrderId) -> Option<Intent> {
        let path = format!("/sim/payment_intents?order_id={order}");
        let mut found: List<Intent> = self.ask(Method::GET, &path, None).await;
        assert!(found.data.len() <= 1, "{found:?}");
        found.data.pop()
    }

    /// How often an order was charged.
    pub async fn charges(&self, order: OrderId) -> u32 {
        self.intent(order).await.map_or(0, |intent| intent.charges)
    }

    /// Waits until an order is charged, whoever knows of it.
    pub async fn charged(&self, order: OrderId) -> Intent {
        eventually(&format!("order {order} is charged"), async || {
            let intent = self.intent(order).await?;
            (intent.charges == 1).then_some(intent)
        })
        .await
    }

    /// The buyer's answer to 3-D Secure.
    pub async fn authenticate(&self, intent: &str, succeed: bool) -> StatusCode {
        let path = format!("/sim/payment_intents/{intent}/authenticate");
        let request = self.request(Method::POST, &path);
        let answer = request.json(&json!({"succeed": succeed})).send().await;
        answer.unwrap().status()
    }

    /// Confirms a `PaymentIntent` as a browser can that has its client secret: payments is not asked.
    pub async fn confirm(&self, intent: &str, method: &str) {
        let request = self
            .request(
                Method::POST,
                &format!("/v1/payment_intents/{intent}/confirm"),
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("payment_method={method}"));
        expect(request.send().await.unwrap(), StatusCode::OK).await;
    }

    /// Sends what it has told of a `PaymentIntent` once more, so many times at once.
    pub async fn tell_again(&self, intent: &str, kind: &str, times: usize) {
        let path = format!("/sim/events?type={kind}&payment_intent={intent}");
        let mut told: List<Value> = self.ask(Method::GET, &path, None).await;
        let told = told.data.pop().expect("it was told");
        let path = format!("/sim/events/{}/resend", told["id"].as_str().unwrap());
        let again = (0..times).map(|_| self.ask::<Value>(Method::POST, &path, None));
        for answer in futures::future::join_all(again).await {
            assert_eq!(answer["status"], 200, "payments takes it: {answer}");
        }
    }

    /// Runs the test while these go wrong, and nothing afterwards, however it ends.
    pub async fn with_faults(&self, faults: Value, test: impl AsyncFnOnce()) {
        self.ask::<Value>(Method::PUT, "/sim/faults", Some(&faults))
            .await;
        let well = async {
            self.ask::<Value>(Method::DELETE, "/sim/faults", None).await;
        };
        finally(test(), well).await;
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.url);
        self.client.request(method, url).bearer_auth(&self.key)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> T {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = expect(request.send().await.unwrap(), StatusCode::OK).await;
        answer.json().await.unwrap()
    }
}

/// What goes wrong once with an order's payment.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub order: OrderId,
    /// As the simulator calls them: `confirm`, `create`, …
    pub route: &'static str,
    /// `hang`: it is done, and the answer comes late. `hang-before`: it is done late. And so on.
    pub fault: &'static str,
    /// How long it hangs.
    pub seconds: u32,
}

impl Fault {
    /// It goes wrong when the card is to be charged, for longer than payments waits.
    pub fn confirming(order: OrderId, fault: &'static str) -> Self {
        Self {
            order,
            route: "confirm",
            fault,
            seconds: 30,
        }
    }

    pub fn once(self) -> Value {
        json!({"rules": [self.rule()]})
    }

    /// And webhooks are held back meanwhile.
    pub fn once_untold(self) -> Value {
        json!({"rules": [self.rule()], "webhooks": false})
    }

    fn rule(self) -> Value {
        json!({
            "orderId": self.order, "route": self.route, "fault": self.fault,
            "seconds": self.seconds, "times": 1,
        })
    }
}
