//! A client that got no answer asks again, by the same `Idempotency-Key`.

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, Stack, placed};

async fn order(buyer: &Person, body: &Value, key: &str) -> reqwest::Response {
    let request = buyer.request(Method::POST, "/api/orders").json(body);
    request.header("idempotency-key", key).send().await.unwrap()
}

/// Both instances, many at once, and the last of the tickets: still one order, and no 409.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_repeats_are_one_order() {
    let stack = Stack::get();
    stack.scaled("orders", 2).await;
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Once", 1).await;
    let body = json!({"ticketId": ticket.id});
    let answers = join_all((0..50).map(|_| order(buyer, &body, "checkout-1"))).await;
    let mut orders = HashSet::new();
    for answer in answers {
        orders.insert(placed(answer).await.id);
    }
    assert_eq!(orders.len(), 1);
    let another = order(
        buyer,
        &json!({"ticketId": ticket.id, "quantity": 2}),
        "checkout-1",
    )
    .await;
    assert_eq!(another.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
