//! What goes wrong, before and after the effect.

use futures::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use ticketing_testkit::eventually;

use crate::harness::{Stripe, confirm_path};

const VISA: [(&str, &str); 1] = [("payment_method", "pm_card_visa")];

/// A payment, and a confirmation of it that goes wrong once, and then its repeat under the same key.
async fn repeated(fault: &str) -> (Stripe, String, Option<u16>, u16) {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    stripe.fault(json!({"route": "confirm", "fault": fault, "times": 1}));
    let path = confirm_path(&intent);
    let first = stripe.try_post(&path, &VISA, Some("key")).await.ok();
    let second = stripe.keyed("key", &path, &VISA).await;
    (
        stripe,
        intent,
        first.map(|answer| answer.status),
        second.status,
    )
}

#[rstest]
#[case("error-before", Some(500), 500, "requires_payment_method", 0)]
#[case("error-after", Some(500), 500, "succeeded", 1)]
#[case("rate-limit", Some(429), 200, "succeeded", 1)]
#[case("drop-before", None, 200, "succeeded", 1)]
#[case("drop-after", None, 200, "succeeded", 1)]
#[tokio::test]
async fn a_repeat_after_a_fault(
    #[case] fault: &str,
    #[case] first: Option<u16>,
    #[case] second: u16,
    #[case] status: &str,
    #[case] charges: u64,
) {
    let (stripe, intent, was, then) = repeated(fault).await;
    assert_eq!((was, then), (first, second));
    assert_eq!(stripe.status(&intent).await, status);
    assert_eq!(stripe.charges(), charges);
}

#[rstest]
#[case("drop-before", 0)]
#[case("drop-after", 1)]
#[case("error-after", 1)]
#[tokio::test]
async fn a_network_that_stays_broken(#[case] fault: &str, #[case] charges: u64) {
    let stripe = Stripe::start();
    let path = confirm_path(&stripe.intent().await);
    stripe.fault(json!({"route": "any", "fault": fault}));
    for _ in 0..3 {
        let answer = stripe.try_post(&path, &VISA, Some("key")).await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 500));
    }
    assert_eq!(stripe.charges(), charges);
}

#[tokio::test]
async fn a_failure_that_is_not_kept_can_be_repeated() {
    let stripe = Stripe::start();
    let path = confirm_path(&stripe.intent().await);
    let fault = json!({"route": "confirm", "fault": "error-before", "times": 1, "stored": false});
    stripe.fault(fault);
    assert_eq!(stripe.keyed("key", &path, &VISA).await.status, 500);
    stripe.keyed("key", &path, &VISA).await.ok();
}

/// A client that gives up does not undo what it asked for.
#[rstest]
#[case("hang", 30, 1)]
#[case("hang-before", 30, 0)]
#[case("hang-before", 1, 1)]
#[tokio::test]
async fn a_client_that_gives_up(#[case] fault: &str, #[case] seconds: u32, #[case] charges: u64) {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    stripe.fault(json!({"route": "confirm", "fault": fault, "seconds": seconds, "times": 1}));
    let request = stripe
        .request(Method::POST, &path)
        .header("idempotency-key", "key")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("payment_method=pm_card_visa");
    let impatient = tokio::spawn(request.send());
    eventually("it has come", async || {
        (stripe.confirms() == 1).then_some(())
    })
    .await;
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    if charges == 1 {
        eventually("the charge lands", async || {
            (stripe.charges() == 1).then_some(())
        })
        .await;
    }
    let repeat = stripe.keyed("key", &path, &VISA).await;
    let expected = if charges == 1 { 200 } else { 409 };
    assert_eq!((repeat.status, stripe.charges()), (expected, charges));
}

#[tokio::test]
async fn what_hangs_keeps_nobody_else_waiting() {
    let stripe = Stripe::start();
    let (slow, other) = (stripe.intent().await, stripe.intent().await);
    stripe.fault(json!({"route": "confirm", "fault": "hang", "seconds": 600, "times": 50}));
    let path = confirm_path(&slow);
    let hanging = (0..50).map(|n| {
        let request = stripe.request(Method::POST, &path);
        let request = request.header("idempotency-key", format!("key-{n}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        tokio::spawn(request.body("payment_method=pm_card_visa").send())
    });
    let hanging: Vec<_> = hanging.collect();
    eventually("all have come", async || {
        (stripe.confirms() == 50).then_some(())
    })
    .await;
    stripe.confirm(&other, "pm_card_visa").await.ok();
    assert_eq!(stripe.charges(), 2);
    for request in &hanging {
        assert!(!request.is_finished());
        request.abort();
    }
}

#[tokio::test]
async fn a_fault_can_be_about_one_order() {
    let stripe = Stripe::start();
    let one = stripe.intent().await;
    let parameters = [
        ("amount", "5"),
        ("currency", "usd"),
        ("metadata[orderId]", "order-2"),
    ];
    let other = stripe.post("/v1/payment_intents", &parameters).await.ok();
    stripe.fault(json!({"route": "any", "fault": "rate-limit", "orderId": "order-2"}));
    assert_eq!(
        stripe
            .confirm(other.field("id"), "pm_card_visa")
            .await
            .status,
        429
    );
    assert_eq!(
        stripe.post("/v1/payment_intents", &parameters).await.status,
        429
    );
    stripe.confirm(&one, "pm_card_visa").await.ok();
    let refund = stripe
        .post("/v1/refunds", &[("payment_intent", other.field("id"))])
        .await;
    assert_eq!(refund.status, 429);
}

#[tokio::test]
async fn requests_that_look_go_wrong_as_well() {
    let stripe = Stripe::start();
    let path = format!("/v1/payment_intents/{}", stripe.intent().await);
    stripe.fault(json!({"route": "retrieve", "fault": "error-after", "times": 1}));
    assert_eq!(stripe.get(&path).await.status, 500);
    stripe.fault(json!({"route": "retrieve", "fault": "drop-before", "times": 1}));
    assert!(stripe.request(Method::GET, &path).send().await.is_err());
    stripe.get(&path).await.ok();
}

#[tokio::test]
async fn latency_is_for_everybody_at_once() {
    let stripe = Stripe::start();
    let answer = stripe
        .json(Method::PUT, "/sim/faults", json!({"latencyMs": 20}))
        .await
        .ok();
    assert_eq!(answer.body["latencyMs"], 20);
    let parameters = [("amount", "5"), ("currency", "usd")];
    let creates = (0..50).map(|_| stripe.post("/v1/payment_intents", &parameters));
    for answer in join_all(creates).await {
        answer.ok();
    }
}

#[tokio::test]
async fn rules_over_http() {
    let stripe = Stripe::start();
    let plan = json!({"rules": [{"route": "confirm", "fault": "hang", "seconds": 1, "times": 2}]});
    let shown = stripe.json(Method::PUT, "/sim/faults", plan).await.ok();
    assert_eq!(shown.body["rules"][0]["times"], 2);
    let more = json!({"rules": [{"route": "any", "fault": "rate-limit"}]});
    stripe.json(Method::POST, "/sim/faults", more).await.ok();
    let shown = stripe.get("/sim/faults").await.ok();
    assert_eq!(shown.body["rules"].as_array().unwrap().len(), 2);
    assert_eq!(shown.body["webhooks"], true);

    let cleared = stripe
        .request(Method::DELETE, "/sim/faults")
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), 200);
    assert_eq!(stripe.get("/sim/faults").await.body["rules"], json!([]));

    let nonsense = json!({"rules": [{"route": "confirm", "fault": "earthquake"}]});
    assert_eq!(
        stripe
            .json(Method::PUT, "/sim/faults", nonsense)
            .await
            .status,
        400
    );
}
