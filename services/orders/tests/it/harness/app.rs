//! A running orders, and who asks it.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use ticketing_contracts::{
    api::orders::Order,
    events::orders::Inventory,
    ids::{OrderId, TicketId, UserId},
};
use ticketing_runtime::Lifecycle;
use tokio::task::JoinHandle;

use super::{TICKETS_TOKEN, created, one};

/// A running orders.
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

    pub fn ordering(&self, user: &User, body: &Value) -> RequestBuilder {
        self.request(Method::POST, "/api/orders")
            .bearer_auth(&user.session)
            .json(body)
    }

    pub async fn order(&self, user: &User, body: &Value) -> Response {
        self.ordering(user, body).send().await.unwrap()
    }

    /// Orders one, which must succeed.
    pub async fn placed(&self, user: &User, ticket: TicketId) -> Order {
        created(self.order(user, &one(ticket)).await).await
    }

    pub async fn cancel(&self, user: &User, order: OrderId) -> Response {
        let request = self.request(Method::DELETE, &format!("/api/orders/{order}"));
        request.bearer_auth(&user.session).send().await.unwrap()
    }

    pub async fn show(&self, user: &User, order: OrderId) -> Order {
        let answer = self.get(user, &format!("/api/orders/{order}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// On the admin port, as the service that has this token.
    pub async fn internal(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Response {
        let request = self
            .client
            .request(method, format!("{}/internal{path}", self.admin));
        let request = request.bearer_auth(token).json(body);
        request.send().await.unwrap()
    }

    pub async fn inventory(&self, ticket: TicketId) -> Inventory {
        let path = format!("/tickets/{ticket}/inventory");
        let answer = self
            .internal(Method::GET, &path, TICKETS_TOKEN, &Value::Null)
            .await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
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
