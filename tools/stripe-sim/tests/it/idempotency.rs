//! One key, one effect.

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Answer, Stripe, confirm_path};

const VISA: [(&str, &str); 1] = [("payment_method", "pm_card_visa")];

#[tokio::test]
async fn twenty_at_once_are_one_charge() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    let confirm = || stripe.keyed("key", &path, &VISA);
    let answers = join_all(std::iter::repeat_with(confirm).take(20)).await;
    for answer in &answers {
        let in_flight = answer.refusal() == (409, "idempotency_key_in_use");
        assert!(
            answer.field("status") == "succeeded" || in_flight,
            "{}",
            answer.body
        );
    }
    assert_eq!((stripe.charges(), stripe.confirms()), (1, 20));
}

#[tokio::test]
async fn twenty_at_once_on_a_slow_day() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    stripe.fault(json!({"route": "confirm", "fault": "hang-before", "seconds": 5, "times": 1}));
    let confirm = || stripe.keyed("key", &path, &VISA);
    let answers = join_all(std::iter::repeat_with(confirm).take(20)).await;
    let in_use = |answer: &&Answer| answer.refusal() == (409, "idempotency_key_in_use");
    assert!(answers.iter().filter(in_use).count() > 0);
    let done = answers.iter().filter(|answer| !in_use(answer));
    assert!(done.clone().count() > 0 && done.clone().all(|answer| answer.status == 200));
    assert_eq!(stripe.charges(), 1);
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    let first = stripe.keyed("key", &path, &VISA).await.ok();
    assert!(!first.headers.contains_key("idempotent-replayed"));
    // What the payment is by now is no matter.
    stripe
        .post("/v1/refunds", &[("payment_intent", &intent)])
        .await
        .ok();
    let second = stripe.keyed("key", &path, &VISA).await.ok();
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(second.body, first.body);
}

#[tokio::test]
async fn a_repeat_gets_the_first_failure() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    let declined = [("payment_method", "pm_card_visa_chargeDeclined")];
    let first = stripe.keyed("key", &path, &declined).await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    let second = stripe.keyed("key", &path, &declined).await;
    assert_eq!((second.status, &second.body), (402, &first.body));

    let state = stripe.keyed("other", &path, &VISA).await;
    assert_eq!(state.refusal(), (400, "payment_intent_unexpected_state"));
    let again = stripe.keyed("other", &path, &VISA).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    stripe.keyed("key", &path, &VISA).await.ok();
    let other_body = [("payment_method", "pm_card_mastercard")];
    let other_intent = confirm_path(&stripe.intent().await);
    for answer in [
        stripe.keyed("key", &path, &other_body).await,
        stripe.keyed("key", &other_intent, &VISA).await,
        stripe
            .keyed("key", "/v1/refunds", &[("payment_intent", &intent)])
            .await,
    ] {
        assert_eq!(answer.status, 400);
        assert_eq!(answer.field("error.type"), "idempotency_error");
    }
    assert_eq!(stripe.charges(), 1);
}

#[tokio::test]
async fn the_order_of_parameters_is_no_difference() {
    let stripe = Stripe::start();
    let one = [
        ("amount", "5"),
        ("currency", "usd"),
        ("metadata[a]", "1"),
        ("metadata[b]", "2"),
    ];
    let other = [one[3], one[2], one[1], one[0]];
    let first = stripe.keyed("key", "/v1/payment_intents", &one).await.ok();
    let second = stripe
        .keyed("key", "/v1/payment_intents", &other)
        .await
        .ok();
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn what_did_not_begin_is_not_kept() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = confirm_path(&intent);
    let nobody = [("payment_method", "pm_none")];
    let missing = stripe.keyed("key", &path, &nobody).await;
    assert_eq!(missing.refusal(), (400, "resource_missing"));
    stripe.keyed("key", &path, &VISA).await.ok();

    stripe.fault(json!({"route": "confirm", "fault": "rate-limit", "times": 1}));
    let path = confirm_path(&stripe.intent().await);
    assert_eq!(
        stripe.keyed("other", &path, &VISA).await.refusal(),
        (429, "rate_limit")
    );
    stripe.keyed("other", &path, &VISA).await.ok();
    assert_eq!(stripe.charges(), 2);
}
