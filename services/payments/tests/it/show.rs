//! `GET /api/payments/{id}`, `GET /api/payments?orderId=` and `GET /api/payments/config`

use reqwest::{Method, StatusCode};
use ticketing_contracts::{
    api::payments::{PaymentConfig, PaymentStatus},
    ids::{OrderId, PaymentId},
};

use crate::harness::{World, now, paid, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_its_buyers() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let order = world.order(&ann).await.id;
    assert_eq!(app.of_order(&ann, order).await, None);
    let payment = paid(app.pay(&ann, order, "tok_visa").await).await;
    assert_eq!(app.of_order(&ann, order).await, Some(payment.clone()));
    assert_eq!(app.of_order(&bob, order).await, None);
    assert_eq!(app.of_order(&ann, OrderId::new(now())).await, None);
    let path = format!("/api/payments/{}", payment.id);
    problem(app.get(&bob, &path).await, StatusCode::FORBIDDEN).await;
    let unknown = format!("/api/payments/{}", PaymentId::new(now()));
    for path in [unknown.as_str(), "/api/payments/7"] {
        problem(app.get(&ann, path).await, StatusCode::NOT_FOUND).await;
    }
    for path in ["/api/payments", "/api/payments?orderId=7"] {
        problem(app.get(&ann, path).await, StatusCode::BAD_REQUEST).await;
    }
    let nobody = app.request(Method::GET, &path).send().await.unwrap();
    problem(nobody, StatusCode::UNAUTHORIZED).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_each_stage_takes_is_counted() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    paid(app.pay(&ann, order, "tok_visa").await).await;
    let stages = [
        "lease",
        "begin",
        "prepare",
        "may-confirm",
        "confirm",
        "settle",
        "succeed",
    ];
    let metrics = app.metrics().await;
    for stage in stages {
        let count = format!("payments_stage_seconds_count{{stage=\"{stage}\"}}");
        assert!(metrics.contains(&count), "{stage}: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_how_to_ask_for_a_card() {
    let world = World::new().await;
    let app = world.start().await;
    let answer = app
        .request(Method::GET, "/api/payments/config")
        .send()
        .await
        .unwrap();
    let config: PaymentConfig = answer.json().await.unwrap();
    let expected = PaymentConfig {
        publishable_key: "pk_test_payments".into(),
        stripe_js: "/stripe-sim/v3/stripe.js".into(),
        simulated: true,
    };
    assert_eq!(config, expected);
}
