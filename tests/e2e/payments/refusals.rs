//! What can't be paid, and by whom. Nobody is charged for having tried.

use reqwest::StatusCode;
use serde_json::json;
use ticketing_contracts::{api::payments::Payment, ids::OrderId, order::OrderStatus};
use ticketing_runtime::Clock;

use crate::harness::{Stack, expect};

#[tokio::test]
async fn anothers_unknown_and_cancelled_orders() {
    let stack = Stack::get();
    let [seller, buyer, other] = &stack.people(3).await[..] else {
        unreachable!("there are three");
    };
    let ticket = seller.sell("Refused", 5).await;
    let order = buyer.gets(ticket.id, 1).await;
    for stranger in [seller, other] {
        let answer = stranger.pays(order.id, "tok_visa").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    let nobody = json!({"orderId": order.id, "token": "tok_visa"});
    let answer = stack.post("/api/payments", &nobody).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);

    let unknown = OrderId::new(Clock::system().now());
    let answer = buyer.pays(unknown, "tok_visa").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    assert_eq!(buyer.cancels(order.id).await, StatusCode::NO_CONTENT);
    let answer = buyer.pays(order.id, "tok_visa").await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(stack.simulator().charges(order.id).await, 0);
}

#[tokio::test]
async fn an_expired_order() {
    let stack = Stack::get();
    let short = [("HOLD", "1s")];
    stack
        .with_settings("orders", &short, async || {
            let people = stack.people(2).await;
            let ticket = people[0].sell("Too late", 1).await;
            let order = people[1].gets(ticket.id, 1).await;
            people[1]
                .sees(order.id, "expired", |order| {
                    order.status == OrderStatus::Cancelled
                })
                .await;
            let answer = people[1].pays(order.id, "tok_visa").await;
            assert_eq!(answer.status(), StatusCode::CONFLICT);
            assert_eq!(stack.simulator().charges(order.id).await, 0);
        })
        .await;
}

/// What is charged is the order's total, whatever a client says that it is.
#[tokio::test]
async fn a_clients_amount_counts_for_nothing() {
    let stack = Stack::get();
    let [seller, buyer, other] = &stack.people(3).await[..] else {
        unreachable!("there are three");
    };
    let ticket = seller.sell("Priced", 10).await;
    let order = buyer.gets(ticket.id, 3).await;
    let body = json!({
        "orderId": order.id, "token": "tok_visa", "amount": 0.01, "currency": "JPY", "userId": other.id,
    });
    let answer = buyer.post("/api/payments", &body).await;
    let payment: Payment = expect(answer, StatusCode::CREATED)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((payment.amount, payment.user_id), (order.total, buyer.id));
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.amount, intent.currency.as_str()), (31_50, "usd"));
    // A payment is its buyer's to see.
    let path = format!("/api/payments/{}", payment.id);
    assert_eq!(buyer.get(&path).await.status(), StatusCode::OK);
    assert_eq!(other.get(&path).await.status(), StatusCode::FORBIDDEN);
    assert!(other.payment_of(order.id).await.is_none());
}

#[tokio::test]
async fn a_webhook_that_stripe_has_not_signed() {
    let stack = Stack::get();
    let event = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}});
    let answer = stack.post("/api/payments/webhook", &event).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let huge = json!({"id": "x".repeat(70_000)});
    let answer = stack.post("/api/payments/webhook", &huge).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
