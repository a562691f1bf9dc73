//! What a client can get wrong, and what it is told. None of it changes anything.

use reqwest::{Method, StatusCode, header};
use rstest::rstest;

use crate::harness::{World, problem};

const O: &str = "018bcfe5-687b-7000-8000-000000000001";

#[rstest]
#[case::empty("", "The body is not valid JSON")]
#[case::nothing("{}", "Missing field orderId")]
#[case::no_card(r#"{"orderId": "$O"}"#, "Token must be provided")]
#[case::no_id(
    r#"{"orderId": "7", "token": "tok_visa"}"#,
    "Has a value that can't be used"
)]
#[case::both(
    r#"{"orderId": "$O", "token": "tok_visa", "paymentMethodId": "pm_1"}"#,
    "Give either token or paymentMethodId"
)]
#[case::a_number(r#"{"orderId": "$O", "token": 4242424242424242}"#, "Expected a string")]
#[case::a_cards_number(
    r#"{"orderId": "$O", "token": "4242424242424242"}"#,
    "Token must be one of Stripe's, tok_…"
)]
#[case::another_thing(
    r#"{"orderId": "$O", "paymentMethodId": "cus_1"}"#,
    "PaymentMethodId must be one of Stripe's, pm_…"
)]
#[case::a_path(
    r#"{"orderId": "$O", "paymentMethodId": "pm_/../x"}"#,
    "PaymentMethodId must be one of Stripe's, pm_…"
)]
#[tokio::test(flavor = "multi_thread")]
async fn bodies(#[case] body: &str, #[case] message: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let request = app
        .request(Method::POST, "/api/payments")
        .bearer_auth(world.user().session)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.replace("$O", O));
    let told = problem(request.send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    assert!(told.contains(message), "{told}");
    assert!(!told.contains("4242"), "{told}");
    assert_eq!(world.number("SELECT count(*) FROM payment").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() {
    let world = World::new().await;
    let app = world.start().await;
    let body = crate::harness::paying_with(O.parse().unwrap(), "tok_visa");
    let nobody = app.request(Method::POST, "/api/payments").json(&body);
    problem(nobody.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    let ann = world.user();
    let elsewhere = app
        .paying(&ann, &body)
        .header("sec-fetch-site", "cross-site");
    problem(elsewhere.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    let text = app
        .request(Method::POST, "/api/payments")
        .bearer_auth(&ann.session)
        .body(body.to_string());
    problem(
        text.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
    let key = app.paying(&ann, &body).header("idempotency-key", "a b");
    problem(key.send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    let unknown = app
        .request(Method::DELETE, "/api/payments")
        .bearer_auth(&ann.session);
    problem(unknown.send().await.unwrap(), StatusCode::NOT_FOUND).await;
}
