//! The life of a payment.

use rstest::rstest;

use crate::harness::{Stripe, confirm_path};

const UNEXPECTED: (u16, &str) = (400, "payment_intent_unexpected_state");

#[tokio::test]
async fn a_payment_with_a_card_waits_to_be_confirmed() {
    let stripe = Stripe::start();
    let parameters = [
        ("amount", "500"),
        ("currency", "JPY"),
        ("payment_method", "pm_card_visa"),
    ];
    let intent = stripe.post("/v1/payment_intents", &parameters).await.ok();
    assert_eq!(intent.field("status"), "requires_confirmation");
    assert_eq!(intent.field("currency"), "jpy");
    let paid = stripe
        .post(&confirm_path(intent.field("id")), &[])
        .await
        .ok();
    assert_eq!(paid.field("status"), "succeeded");
    assert_eq!(stripe.simulator.totals().currencies["jpy"].charged, 500);
}

#[tokio::test]
async fn without_a_card_there_is_nothing_to_confirm() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let answer = stripe.post(&confirm_path(&intent), &[]).await;
    assert_eq!(answer.refusal(), UNEXPECTED);
    assert_eq!(stripe.status(&intent).await, "requires_payment_method");
}

#[tokio::test]
async fn a_second_card_after_a_decline() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let declined = stripe.confirm(&intent, "pm_card_visa_chargeDeclined").await;
    assert_eq!(declined.refusal(), (402, "card_declined"));
    assert_eq!(
        declined.field("error.payment_intent.status"),
        "requires_payment_method"
    );
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    assert_eq!(stripe.charges(), 1);
}

#[tokio::test]
async fn paid_is_paid() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    let again = stripe.confirm(&intent, "pm_card_mastercard").await;
    assert_eq!(again.refusal(), UNEXPECTED);
    assert_eq!(again.field("error.payment_intent.status"), "succeeded");
    let cancel = stripe
        .post(&format!("/v1/payment_intents/{intent}/cancel"), &[])
        .await;
    assert_eq!(cancel.refusal(), UNEXPECTED);
    assert_eq!(
        (stripe.charges(), stripe.status(&intent).await.as_str()),
        (1, "succeeded")
    );
}

#[tokio::test]
async fn cancelled_is_cancelled() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let path = format!("/v1/payment_intents/{intent}/cancel");
    let parameters = [("cancellation_reason", "abandoned")];
    let cancelled = stripe.post(&path, &parameters).await.ok();
    assert_eq!(cancelled.field("status"), "canceled");
    assert_eq!(cancelled.field("cancellation_reason"), "abandoned");
    assert_eq!(stripe.post(&path, &[]).await.refusal(), UNEXPECTED);
    assert_eq!(
        stripe.confirm(&intent, "pm_card_visa").await.refusal(),
        UNEXPECTED
    );
    assert_eq!(stripe.charges(), 0);
}

#[rstest]
#[case("threeDSecure2Required", true, "succeeded", "", 1)]
#[case(
    "threeDSecure2Required",
    false,
    "requires_payment_method",
    "payment_intent_authentication_failure",
    0
)]
#[case(
    "threeDSecureRequiredChargeDeclined",
    true,
    "requires_payment_method",
    "card_declined",
    0
)]
#[case(
    "authenticationRequiredChargeDeclinedInsufficientFunds",
    true,
    "requires_payment_method",
    "card_declined",
    0
)]
#[tokio::test]
async fn the_bank_asks_the_buyer(
    #[case] card: &str,
    #[case] succeed: bool,
    #[case] status: &str,
    #[case] code: &str,
    #[case] charges: u64,
) {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    let asked = stripe
        .confirm(&intent, &format!("pm_card_{card}"))
        .await
        .ok();
    assert_eq!(
        (asked.field("status"), stripe.charges()),
        ("requires_action", 0)
    );
    let answer = stripe.authenticate(&intent, succeed).await.ok();
    assert_eq!(answer.field("status"), status);
    assert_eq!(answer.field("last_payment_error.code"), code);
    assert_eq!(stripe.charges(), charges);
    assert_eq!(
        stripe.authenticate(&intent, succeed).await.refusal(),
        UNEXPECTED
    );
}

#[tokio::test]
async fn another_card_supersedes_what_the_bank_asks() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    stripe
        .confirm(&intent, "pm_card_authenticationRequired")
        .await
        .ok();
    let paid = stripe.confirm(&intent, "pm_card_visa").await.ok();
    assert_eq!(paid.field("status"), "succeeded");
    assert_eq!(
        stripe.authenticate(&intent, true).await.refusal(),
        UNEXPECTED
    );
    assert_eq!(stripe.charges(), 1);
}
