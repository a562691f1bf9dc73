//! What buyers do about their orders' payments.

use reqwest::{Response, StatusCode};
use serde_json::json;
use ticketing_contracts::{
    api::{
        orders::{Order, OrderPaymentStatus},
        payments::{Payment, PaymentStatus},
    },
    ids::OrderId,
    order::OrderStatus,
};
use ticketing_testkit::eventually_within;

use super::{Person, RECOVERED_WITHIN, Stack, expect};

impl Person {
    /// Pays by a token, as the browser's script hands it out.
    pub async fn pays(&self, order: OrderId, token: &str) -> Response {
        let body = json!({"orderId": order, "token": token});
        self.post("/api/payments", &body).await
    }

    /// Pays, and is told at once that it is made or what is to be done.
    pub async fn paid(&self, order: OrderId, token: &str) -> Payment {
        let answer = self.pays(order, token).await;
        expect(answer, StatusCode::CREATED)
            .await
            .json()
            .await
            .unwrap()
    }

    /// Begins to pay; whoever wants to know how it ended joins.
    pub fn begins_to_pay(
        &self,
        order: OrderId,
        token: &'static str,
    ) -> tokio::task::JoinHandle<reqwest::Result<Response>> {
        let body = json!({"orderId": order, "token": token});
        let request = self
            .request(reqwest::Method::POST, "/api/payments")
            .json(&body);
        tokio::spawn(request.send())
    }

    /// The payment of an order, if there was an attempt.
    pub async fn payment_of(&self, order: OrderId) -> Option<Payment> {
        let answer = self.get(&format!("/api/payments?orderId={order}")).await;
        let answer = expect(answer, StatusCode::OK).await;
        let mut payments: Vec<Payment> = answer.json().await.unwrap();
        assert!(payments.len() <= 1, "{payments:?}");
        payments.pop()
    }

    /// Waits until one's own order is as it should be.
    pub async fn sees(&self, order: OrderId, what: &str, is: impl Fn(&Order) -> bool) -> Order {
        let what = format!("order {order} is {what}");
        eventually_within(RECOVERED_WITHIN, &what, async || {
            let answer = self.get(&format!("/api/orders/{order}")).await;
            let order = answer.json::<Order>().await.ok()?;
            is(&order).then_some(order)
        })
        .await
    }

    /// Waits until the tickets are theirs, and payments has written so: it tells orders first.
    pub async fn sees_complete(&self, order: OrderId) -> Order {
        let order = self.sees(order, "complete", |order| {
            order.status == OrderStatus::Complete
        });
        let order = order.await;
        assert_eq!(
            payment_status(&order),
            Some(OrderPaymentStatus::Succeeded),
            "{order:?}"
        );
        eventually_within(RECOVERED_WITHIN, "the payment has succeeded", async || {
            let answer = self
                .get(&format!("/api/payments?orderId={}", order.id))
                .await;
            let payments = answer.json::<Vec<Payment>>().await.ok()?;
            let succeeded = |payment: &Payment| payment.status == PaymentStatus::Succeeded;
            payments.iter().any(succeeded).then_some(())
        })
        .await;
        order
    }

    /// Waits until the money is back.
    pub async fn sees_refunded(&self, order: OrderId) -> Order {
        self.sees(order, "refunded", |order| {
            payment_status(order) == Some(OrderPaymentStatus::Refunded)
        })
        .await
    }
}

/// What an order says of its payment.
pub fn payment_status(order: &Order) -> Option<OrderPaymentStatus> {
    order.payment.as_ref().map(|payment| payment.status)
}

impl Stack {
    /// How often payments has told this of an order, published or not yet.
    pub async fn told(&self, order: OrderId, kind: &str) -> i64 {
        self.told_by("payments", order, kind).await
    }

    /// The same of orders.
    pub async fn told_by_orders(&self, order: OrderId, kind: &str) -> i64 {
        self.told_by("orders", order, kind).await
    }

    async fn told_by(&self, service: &str, order: OrderId, kind: &str) -> i64 {
        let books = self.books().await;
        let count =
            format!("SELECT count(*) FROM {service}.outbox WHERE subject::text = $1 AND kind = $2");
        let row = books.query_one(&count, &[&order.to_string(), &kind]).await;
        row.unwrap().get(0)
    }

    /// Nothing is lost, sold twice, charged for nothing or stuck: `fsck` says so, and waits by itself until
    /// what is under way has arrived.
    pub fn is_clean(&self) {
        let said = self.stack(&["fsck", "--wait", "60s"]);
        assert!(said.contains("invariants hold"), "{said}");
    }
}
