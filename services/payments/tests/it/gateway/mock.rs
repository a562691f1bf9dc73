//! Against stripe-mock, which knows every parameter and has no state.

use std::time::Duration;

use payments::gateway::{Fault, NewIntent, Stripe, StripeSettings};
use ticketing_contracts::ids::{OrderId, PaymentId};
use ticketing_testkit::StripeMock;

use crate::harness::now;

fn stripe(base: &str) -> Stripe {
    Stripe::new(&StripeSettings {
        api_base: base.to_owned(),
        key: "sk_test_123".to_owned().into(),
        webhook_secret: "whsec_1".to_owned().into(),
        publishable_key: "pk_test_123".to_owned(),
        js: String::new(),
        simulated: true,
        timeout: Duration::from_secs(10),
        concurrency: 8,
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_one_that_stripe_knows() {
    let mock = StripeMock::shared();
    let stripe = stripe(&mock.url());
    let new = NewIntent {
        payment_id: PaymentId::new(now()),
        attempt: 1,
        order_id: OrderId::new(now()),
        amount: 10_50,
        currency: "USD".parse().unwrap(),
    };
    let intent = stripe.create(&new).await.unwrap();
    assert!(intent.id.starts_with("pi_"), "{intent:?}");
    stripe.retrieve(&intent.id).await.unwrap();
    let method = stripe
        .payment_method("tok_visa", "key-method")
        .await
        .unwrap();
    assert!(method.starts_with("pm_"), "{method}");
    stripe
        .confirm(&intent.id, &method, "key-confirm")
        .await
        .unwrap();
    stripe.cancel(&intent.id).await.unwrap();
    stripe.refunds(&intent.id).await.unwrap();
    let refund = stripe.refund(&intent.id, "key-refund").await.unwrap();
    assert!(refund.id.starts_with("re_"), "{refund:?}");
}

/// The control: it does refuse what Stripe does not know.
#[tokio::test(flavor = "multi_thread")]
async fn another_request_is_refused() {
    let mock = StripeMock::shared();
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/payment_intents", mock.url()))
        .bearer_auth("sk_test_123")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("amount=1050&currency=usd&automatic_payment_methods[on]=true")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let wrong = stripe(&mock.url());
    let fault = wrong.confirm("pi_1", "", "key").await;
    assert!(!matches!(fault, Err(Fault::Unclear(_))), "{fault:?}");
}
