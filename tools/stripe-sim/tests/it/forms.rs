//! Answers have the forms that async-stripe reads: what it can't read, it takes for no answer.

use miniserde::{Deserialize, json::from_str};
use stripe_shared::{
    ApiErrorsCode, ApiErrorsType, Charge, Error, Event, PaymentIntent, PaymentIntentStatus,
    PaymentMethod, PaymentMethodType, Refund,
};

use crate::harness::{Answer, Stripe};

fn read<T: Deserialize>(answer: &Answer) -> T {
    let text = answer.body.to_string();
    from_str(&text).unwrap_or_else(|_| panic!("async-stripe can't read {text}"))
}

async fn intent_after(stripe: &Stripe, method: &str) -> (Answer, PaymentIntent) {
    let id = stripe.intent().await;
    let answer = stripe.confirm(&id, method).await;
    let intent = stripe.get(&format!("/v1/payment_intents/{id}")).await.ok();
    (answer, read(&intent))
}

#[tokio::test]
async fn a_new_payment() {
    let stripe = Stripe::start();
    let id = stripe.intent().await;
    let intent: PaymentIntent = read(&stripe.get(&format!("/v1/payment_intents/{id}")).await);
    assert_eq!(intent.id.as_str(), id);
    assert_eq!(intent.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert_eq!((intent.amount, intent.amount_received), (10_50, 0));
    assert_eq!(intent.currency.to_string(), "usd");
    assert_eq!(intent.metadata["orderId"], "order-1");
    assert!(
        intent
            .client_secret
            .unwrap()
            .starts_with(&format!("{id}_secret_"))
    );
    assert!(intent.automatic_payment_methods.unwrap().enabled);
    assert!(intent.next_action.is_none() && intent.last_payment_error.is_none());
}

#[tokio::test]
async fn a_charge() {
    let stripe = Stripe::start();
    let (answer, intent) = intent_after(&stripe, "pm_card_visa").await;
    let confirmed: PaymentIntent = read(&answer.ok());
    assert_eq!(confirmed.status, PaymentIntentStatus::Succeeded);
    assert_eq!(intent.status, PaymentIntentStatus::Succeeded);
    assert_eq!(intent.amount_received, 10_50);
    assert!(intent.latest_charge.is_some() && intent.payment_method.is_some());
}

#[tokio::test]
async fn a_decline() {
    let stripe = Stripe::start();
    let (answer, intent) = intent_after(&stripe, "pm_card_visa_chargeDeclined").await;
    let error = read::<Error>(&answer).error;
    assert_eq!(answer.status, 402);
    assert_eq!(error.type_, ApiErrorsType::CardError);
    assert_eq!(error.code, Some(ApiErrorsCode::CardDeclined));
    assert_eq!(error.decline_code.as_deref(), Some("generic_decline"));
    assert_eq!(error.message.as_deref(), Some("Your card was declined."));
    assert!(error.charge.is_some() && error.payment_method.is_some());
    let shown = error.payment_intent.unwrap();
    assert_eq!(shown.status, PaymentIntentStatus::RequiresPaymentMethod);

    let last = intent.last_payment_error.unwrap();
    assert_eq!(last.code, Some(ApiErrorsCode::CardDeclined));
    assert_eq!(last.payment_method.unwrap().type_, PaymentMethodType::Card);
    assert!(intent.payment_method.is_none());
}

#[tokio::test]
async fn what_the_bank_asks() {
    let stripe = Stripe::start();
    let (answer, intent) = intent_after(&stripe, "pm_card_threeDSecure2Required").await;
    let confirmed: PaymentIntent = read(&answer.ok());
    assert_eq!(confirmed.status, PaymentIntentStatus::RequiresAction);
    let action = intent.next_action.unwrap();
    assert_eq!(action.type_, "use_stripe_sdk");
    assert!(action.use_stripe_sdk.is_some());

    let answer = stripe.authenticate(intent.id.as_str(), false).await.ok();
    let intent: PaymentIntent = read(&answer);
    let code = intent.last_payment_error.unwrap().code;
    assert_eq!(
        code,
        Some(ApiErrorsCode::PaymentIntentAuthenticationFailure)
    );
}

#[tokio::test]
async fn a_payment_method() {
    let stripe = Stripe::start();
    let parameters = [("type", "card"), ("card[token]", "tok_mastercard")];
    let method: PaymentMethod = read(&stripe.post("/v1/payment_methods", &parameters).await.ok());
    let card = method.card.unwrap();
    assert_eq!(
        (card.brand.as_str(), card.last4.as_str()),
        ("mastercard", "4444")
    );
}

#[tokio::test]
async fn refunds() {
    let stripe = Stripe::start();
    let (_, intent) = intent_after(&stripe, "pm_card_visa").await;
    let parameters = [("payment_intent", intent.id.as_str())];
    let refund: Refund = read(&stripe.post("/v1/refunds", &parameters).await.ok());
    assert_eq!(refund.amount, 10_50);
    assert_eq!(refund.status.as_deref(), Some("succeeded"));

    let one: Refund = read(
        &stripe
            .get(&format!("/v1/refunds/{}", refund.id.as_str()))
            .await,
    );
    assert_eq!(one.id, refund.id);
    let path = format!("/v1/refunds?payment_intent={}", intent.id.as_str());
    let mut list = stripe.get(&path).await.ok();
    assert_eq!(
        (list.field("object"), list.field("url")),
        ("list", "/v1/refunds")
    );
    list.body = list.body["data"][0].clone();
    assert_eq!(read::<Refund>(&list).id, refund.id);
}

#[tokio::test]
async fn errors() {
    let stripe = Stripe::start();
    let missing = stripe.get("/v1/payment_intents/pi_none").await;
    let error = read::<Error>(&missing).error;
    assert_eq!(missing.status, 404);
    assert_eq!(error.type_, ApiErrorsType::InvalidRequestError);
    assert_eq!(error.code, Some(ApiErrorsCode::ResourceMissing));

    stripe.fault(serde_json::json!({"route": "create", "fault": "error-before"}));
    let parameters = [("amount", "1"), ("currency", "usd")];
    let failed = stripe.post("/v1/payment_intents", &parameters).await;
    assert_eq!(failed.status, 500);
    assert_eq!(read::<Error>(&failed).error.type_, ApiErrorsType::ApiError);
}

#[tokio::test]
async fn events() {
    let stripe = Stripe::start();
    let (_, intent) = intent_after(&stripe, "pm_card_visa").await;
    let parameters = [("payment_intent", intent.id.as_str())];
    stripe.post("/v1/refunds", &parameters).await.ok();
    let events = stripe.get("/sim/events").await.ok();
    let mut kinds = Vec::new();
    for event in events.body["data"].as_array().unwrap() {
        let mut answer = events.clone();
        answer.body = event.clone();
        read::<Event>(&answer);
        kinds.push(answer.field("type").to_owned());
        answer.body = event["data"]["object"].clone();
        match answer.field("object") {
            "payment_intent" => _ = read::<PaymentIntent>(&answer),
            "refund" => _ = read::<Refund>(&answer),
            "charge" => assert!(read::<Charge>(&answer).refunded),
            other => panic!("{other}"),
        }
    }
    let expected = [
        "charge.refunded",
        "refund.created",
        "payment_intent.succeeded",
    ];
    assert_eq!(kinds, expected);
}
