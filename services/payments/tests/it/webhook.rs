//! `POST /api/payments/webhook`

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};

use crate::harness::{App, World, all, now, paid, problem};

/// An event about a `PaymentIntent`, with an id of its own.
pub fn event(intent: &str, kind: &str) -> Value {
    json!({
        "id": format!("evt_{:x}", rand::random::<u64>()),
        "object": "event",
        "type": kind,
        "data": {"object": {"id": intent, "object": "payment_intent", "metadata": {}}},
    })
}

fn signature(body: &str, secret: &str) -> String {
    let time = now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(app: &App, body: String, signature: Option<String>) -> Response {
    let mut request = app.request(reqwest::Method::POST, "/api/payments/webhook");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    request.body(body).send().await.unwrap()
}

/// Sends an event as Stripe does.
pub async fn send(app: &App, event: &Value) {
    let body = event.to_string();
    let signature = signature(&body, "whsec_payments");
    let answer = post(app, body, Some(signature)).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_stripe_is_heard() {
    let world = World::new().await;
    let app = world.start().await;
    let body = || event("pi_1", "payment_intent.succeeded").to_string();
    problem(post(&app, body(), None).await, StatusCode::BAD_REQUEST).await;
    let forged = signature(&body(), "whsec_guessed");
    problem(
        post(&app, body(), Some(forged)).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let signed = signature("[]", "whsec_payments");
    problem(
        post(&app, "[]".into(), Some(signed)).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let long = "x".repeat(64 * 1024 + 1);
    let signed = signature(&long, "whsec_payments");
    problem(
        post(&app, long, Some(signed)).await,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
    .await;
    assert_eq!(world.number("SELECT count(*) FROM webhook_event").await, 0);
    // About nothing that is known here, but Stripe's: it need not come again.
    send(
        &app,
        &event("pi_of_another_shop", "payment_intent.succeeded"),
    )
    .await;
    let other =
        json!({"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}});
    send(&app, &other).await;
}

/// Twenty times the same success, beside the answer to the request itself.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_of_the_same_make_one_payment() {
    let world = World::new().await;
    let app = world.start().await;
    world.sim.faults_untold(&[]).await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, "tok_threeDSecure2Required").await).await;
    let intent = payment.stripe_id.unwrap();
    world.sim.authenticate(&intent, true).await;
    let body = event(&intent, "payment_intent.succeeded").to_string();
    let requests: Vec<_> = (0..20)
        .map(|_| {
            app.request(reqwest::Method::POST, "/api/payments/webhook")
                .header("stripe-signature", signature(&body, "whsec_payments"))
                .body(body.clone())
        })
        .collect();
    let answers = all(requests
        .into_iter()
        .map(|request| async move { request.send().await.unwrap() }))
    .await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status() == StatusCode::OK)
    );
    assert_eq!(world.number("SELECT count(*) FROM webhook_event").await, 1);
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    app.becomes(&ann, order.id, PaymentStatus::Succeeded).await;
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
    assert_eq!(world.sim.charges(order.id).await, 1);
}

/// Stripe's notice overtakes its own answer.
#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer_it_makes_the_payment_too() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    // The charge is made and told, and its answer never comes.
    world
        .sim
        .faults(&[crate::harness::Fault("confirm", "hang", 1)])
        .await;
    let request = app.paying(&ann, &crate::harness::paying_with(order.id, "tok_visa"));
    let paying = tokio::spawn(async move { request.send().await.unwrap() });
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    // The one who waits is told what is true by then.
    let payment = paid(paying.await.unwrap()).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(world.sim.charges(order.id).await, 1);
    world.has_published(&["payment:created"]).await;
}
