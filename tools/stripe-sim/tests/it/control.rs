//! The simulator's own routes.

use reqwest::Method;
use serde_json::json;

use crate::harness::Stripe;

#[tokio::test]
async fn what_became_of_an_orders_payment() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa_chargeDeclined").await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    let expected = json!({"data": [{
        "id": intent,
        "status": "succeeded",
        "amount": 1050,
        "currency": "usd",
        "metadata": {"orderId": "order-1", "paymentId": "payment-1"},
        "charges": 1,
        "refunded": 0,
        "attempts": 2,
    }]});
    for query in ["order_id=order-1", "payment_id=payment-1", "limit=5"] {
        let answer = stripe
            .get(&format!("/sim/payment_intents?{query}"))
            .await
            .ok();
        assert_eq!(answer.body, expected, "{query}");
    }
    for query in ["order_id=payment-1", "payment_id=none", "limit=0"] {
        let answer = stripe
            .get(&format!("/sim/payment_intents?{query}"))
            .await
            .ok();
        assert_eq!(answer.body, json!({"data": []}), "{query}");
    }
    assert_eq!(stripe.get("/sim/payment_intents?limit=x").await.status, 400);
}

#[tokio::test]
async fn totals() {
    let stripe = Stripe::start();
    let empty = json!({"charges": 0, "refunds": 0, "currencies": {}});
    assert_eq!(stripe.get("/sim/totals").await.ok().body, empty);
    for currency in ["usd", "jpy"] {
        let parameters = [
            ("amount", "500"),
            ("currency", currency),
            ("payment_method", "pm_card_visa"),
        ];
        let intent = stripe.post("/v1/payment_intents", &parameters).await.ok();
        stripe
            .confirm(intent.field("id"), "pm_card_visa")
            .await
            .ok();
        if currency == "usd" {
            let parameters = [("payment_intent", intent.field("id")), ("amount", "20")];
            stripe.post("/v1/refunds", &parameters).await.ok();
        }
    }
    let expected = json!({"charges": 2, "refunds": 1, "currencies": {
        "jpy": {"charged": 500, "refunded": 0},
        "usd": {"charged": 500, "refunded": 20},
    }});
    assert_eq!(stripe.get("/sim/totals").await.ok().body, expected);
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    stripe.confirm(&intent, "pm_card_visa").await;
    let counts = stripe.get("/sim/requests").await.ok();
    let expected = json!({"counts": {
        "POST /v1/payment_intents": 1,
        "POST /v1/payment_intents/{id}/confirm": 2,
    }});
    assert_eq!(counts.body, expected);
    stripe
        .request(Method::DELETE, "/sim/requests")
        .send()
        .await
        .unwrap();
    assert_eq!(
        stripe.get("/sim/requests").await.body,
        json!({"counts": {}})
    );
}
