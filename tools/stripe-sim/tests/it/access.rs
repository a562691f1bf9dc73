//! Who may ask, and under which paths.

use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Stripe};

const SECRET: [(Method, &str); 12] = [
    (Method::POST, "/v1/payment_intents"),
    (Method::GET, "/v1/payment_intents/pi_1"),
    (Method::POST, "/v1/payment_intents/pi_1/confirm"),
    (Method::POST, "/v1/payment_intents/pi_1/cancel"),
    (Method::POST, "/v1/refunds"),
    (Method::GET, "/v1/refunds"),
    (Method::GET, "/v1/refunds/re_1"),
    (Method::GET, "/sim/totals"),
    (Method::GET, "/sim/payment_intents"),
    (Method::GET, "/sim/requests"),
    (Method::PUT, "/sim/faults"),
    (Method::GET, "/sim/events"),
];

#[rstest]
#[case("sk_test_another")]
#[case("pk_test_simulated")]
#[case("")]
#[tokio::test]
async fn the_secret_key_is_asked_for(#[case] key: &str) {
    let stripe = Stripe::start().with_key(key);
    for (method, path) in SECRET {
        let answer = Answer::of(stripe.request(method, path).send().await.unwrap()).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(
            answer.field("error.type"),
            "invalid_request_error",
            "{path}"
        );
    }
    assert!(stripe.simulator.requests("POST /v1/payment_intents") == 0 || key.starts_with("pk"));
}

#[tokio::test]
async fn no_key_at_all() {
    let stripe = Stripe::start();
    for path in ["/v1/payment_intents/pi_1", "/sim/totals"] {
        let url = format!("{}{path}", stripe.simulator.url());
        let answer = Answer::of(stripe.client.get(url).send().await.unwrap()).await;
        assert_eq!(answer.status, 401);
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    let url = format!("{}/sim/health", stripe.simulator.url());
    assert_eq!(stripe.client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_browser_sees_its_own_payment() {
    let stripe = Stripe::start();
    let parameters = [("amount", "5"), ("currency", "usd")];
    let intent = stripe.post("/v1/payment_intents", &parameters).await.ok();
    let (id, secret) = (intent.field("id"), intent.field("client_secret"));
    let browser = Stripe::of(stripe.simulator).with_key("pk_test_simulated");
    let path = format!("/v1/payment_intents/{id}?client_secret=");
    let seen = browser.get(&format!("{path}{secret}")).await.ok();
    assert_eq!(seen.field("id"), id);
    assert_eq!(browser.get(&format!("{path}another")).await.status, 400);
}

#[tokio::test]
async fn with_the_prefix_and_without() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = format!("/v1/payment_intents/{intent}");
    let seen = stripe.get(&format!("/stripe-sim{path}")).await.ok();
    assert_eq!(seen.body, stripe.get(&path).await.body);
    stripe.get("/stripe-sim/sim/totals").await.ok();
    assert_eq!(stripe.get("/stripe-sim/v1/nothing").await.status, 404);
    assert_eq!(stripe.get("/other/v1/refunds").await.status, 404);
}
