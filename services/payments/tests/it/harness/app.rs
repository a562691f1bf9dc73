//! A running payments, and who asks it.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use ticketing_contracts::{
    api::payments::{Payment, PaymentStatus},
    ids::{OrderId, PaymentId, UserId},
};
use ticketing_runtime::Lifecycle;
use ticketing_testkit::eventually;
use tokio::task::JoinHandle;

/// A running payments.
pub struct App {
    pub base: String,
    pub admin: String,
    pub client: Client,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub session: String,
}

impl App {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, user: &User, path: &str) -> Response {
        let request = self.request(Method::GET, path).bearer_auth(&user.session);
        request.send().await.unwrap()
    }

    pub fn paying(&self, user: &User, body: &Value) -> RequestBuilder {
        self.request(Method::POST, "/api/payments")
            .bearer_auth(&user.session)
            .json(body)
    }

    /// Pays an order with a test token or a test payment method.
    pub async fn pay(&self, user: &User, order: OrderId, card: &str) -> Response {
        let body = paying_with(order, card);
        self.paying(user, &body).send().await.unwrap()
    }

    pub async fn show(&self, user: &User, payment: PaymentId) -> Payment {
        let answer = self.get(user, &format!("/api/payments/{payment}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// The payment of an order, if there is one.
    pub async fn of_order(&self, user: &User, order: OrderId) -> Option<Payment> {
        let answer = self
            .get(user, &format!("/api/payments?orderId={order}"))
            .await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut list: Vec<Payment> = answer.json().await.unwrap();
        assert!(list.len() <= 1, "{list:?}");
        list.pop()
    }

    /// Waits until an order's payment stands so.
    pub async fn becomes(&self, user: &User, order: OrderId, status: PaymentStatus) -> Payment {
        eventually(&format!("the payment is {status:?}"), async || {
            let payment = self.of_order(user, order).await?;
            (payment.status == status).then_some(payment)
        })
        .await
    }

    /// What Prometheus would read.
    pub async fn metrics(&self) -> String {
        let answer = reqwest::get(format!("{}/metrics", self.admin)).await;
        answer.unwrap().text().await.unwrap()
    }

    /// Ends it as SIGTERM would, and waits.
    pub async fn stopped(self) {
        self.lifecycle.soft().cancel();
        self.done.await.unwrap().unwrap();
    }
}

/// The body of a request to pay.
pub fn paying_with(order: OrderId, card: &str) -> Value {
    if card.starts_with("tok_") {
        json!({"orderId": order, "token": card})
    } else {
        json!({"orderId": order, "paymentMethodId": card})
    }
}
