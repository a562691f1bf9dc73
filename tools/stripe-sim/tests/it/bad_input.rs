//! Input that makes no sense is refused in Stripe's form.

use reqwest::Method;
use rstest::rstest;

use crate::harness::{Answer, Stripe, confirm_path};

const INTENTS: &str = "/v1/payment_intents";
const METHODS: &str = "/v1/payment_methods";

async fn sent(path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let stripe = Stripe::start();
    let path = path.replace("PI", &stripe.intent().await);
    let request = stripe.request(Method::POST, &path).body(body);
    Answer::of(request.header("content-type", kind).send().await.unwrap()).await
}

#[rstest]
#[case(INTENTS, "", "parameter_missing", "amount")]
#[case(INTENTS, "amount=5", "parameter_missing", "currency")]
#[case(
    INTENTS,
    "amount=-5&currency=usd",
    "parameter_invalid_integer",
    "amount"
)]
#[case(
    INTENTS,
    "amount=0&currency=usd",
    "parameter_invalid_integer",
    "amount"
)]
#[case(
    INTENTS,
    "amount=1.5&currency=usd",
    "parameter_invalid_integer",
    "amount"
)]
#[case(
    INTENTS,
    "amount=99999999999999999999&currency=usd",
    "parameter_invalid_integer",
    "amount"
)]
#[case(INTENTS, "amount=100000000&currency=usd", "amount_too_large", "amount")]
#[case(INTENTS, "amount=&currency=usd", "parameter_invalid_empty", "amount")]
#[case(INTENTS, "amount=5&currency=dollars", "", "currency")]
#[case(
    INTENTS,
    "amount=5&currency=usd&color=red",
    "parameter_unknown",
    "color"
)]
#[case(
    INTENTS,
    "amount=5&amount=6&currency=usd",
    "parameter_unknown",
    "amount"
)]
#[case(
    INTENTS,
    "amount=5&currency=usd&payment_method=pm_none",
    "resource_missing",
    "payment_method"
)]
#[case(INTENTS, "\u{0}\u{1}%zz&&&===", "parameter_missing", "amount")]
#[case(METHODS, "", "parameter_missing", "type")]
#[case(METHODS, "type=sepa_debit", "", "type")]
#[case(METHODS, "type=card", "parameter_missing", "card")]
#[case(
    METHODS,
    "type=card&card[token]=tok_none",
    "resource_missing",
    "card[token]"
)]
#[case(
    "/v1/payment_intents/PI/confirm",
    "payment_method=pm_none",
    "resource_missing",
    "payment_method"
)]
#[case(
    "/v1/payment_intents/PI/confirm",
    "payment_method=tok_visa",
    "resource_missing",
    "payment_method"
)]
#[case(
    "/v1/payment_intents/PI/cancel",
    "cancellation_reason=boredom",
    "",
    "cancellation_reason"
)]
#[case("/v1/refunds", "", "parameter_missing", "payment_intent")]
#[case(
    "/v1/refunds",
    "payment_intent=pi_none",
    "resource_missing",
    "payment_intent"
)]
#[case(
    "/v1/refunds",
    "payment_intent=PI&amount=0",
    "parameter_invalid_integer",
    "amount"
)]
#[tokio::test]
async fn parameters(
    #[case] path: &str,
    #[case] body: &'static str,
    #[case] code: &str,
    #[case] param: &str,
) {
    let answer = sent(path, "application/x-www-form-urlencoded", body).await;
    assert_eq!(answer.refusal(), (400, code), "{}", answer.body);
    assert_eq!(answer.field("error.param"), param);
    assert_eq!(answer.field("error.type"), "invalid_request_error");
}

#[tokio::test]
async fn a_body_that_is_no_form() {
    let json = sent(INTENTS, "application/json", r#"{"amount": 5}"#).await;
    assert_eq!(json.status, 400);
    assert!(json.field("error.message").contains("content type"));
    let huge = vec![b'a'; 1024 * 1024];
    let huge = sent(INTENTS, "application/x-www-form-urlencoded", huge).await;
    assert_eq!(huge.status, 400);
    let garbage: Vec<u8> = (0..=255).collect();
    let garbage = sent(INTENTS, "application/x-www-form-urlencoded", garbage).await;
    assert_eq!(garbage.status, 400);
}

#[tokio::test]
async fn things_that_are_not_there() {
    let stripe = Stripe::start();
    for path in ["/v1/payment_intents/pi_none", "/v1/refunds/re_none"] {
        assert_eq!(stripe.get(path).await.refusal(), (404, "resource_missing"));
    }
    let missing = stripe.confirm("pi_none", "pm_card_visa").await;
    assert_eq!(missing.refusal(), (404, "resource_missing"));
    let unknown = stripe.get("/v1/customers").await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .field("error.message")
            .contains("GET: /v1/customers")
    );
    let nobody = stripe.authenticate("pi_none", true).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn keys_that_are_no_keys() {
    let stripe = Stripe::start();
    let parameters = [("amount", "5"), ("currency", "usd")];
    for key in ["", &"x".repeat(256)] {
        let answer = stripe.keyed(key, INTENTS, &parameters).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.field("error.type"), "idempotency_error");
    }
    let path = confirm_path("pi_none");
    assert_eq!(stripe.keyed(&"x".repeat(255), &path, &[]).await.status, 404);
}
