//! A visitor's way: sign up, be known, sign out.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use ticketing_contracts::api::problem::ProblemBody;

use crate::harness::{PASSWORD, Stack};

#[tokio::test]
async fn sign_up_be_known_sign_out_sign_in() {
    let stack = Stack::get();
    let (email, cookie) = stack.sign_up("ann").await;
    assert_eq!(stack.current_user(&cookie).await["email"], *email);

    let out = stack.post("/api/users/signout", &json!({})).await;
    assert_eq!(out.status(), StatusCode::OK);
    assert!(
        out.headers()[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .starts_with("session=;")
    );
    assert_eq!(stack.current_user("").await, Value::Null);

    let back = stack
        .post(
            "/api/users/signin",
            &json!({"email": email, "password": PASSWORD}),
        )
        .await;
    assert_eq!(back.status(), StatusCode::OK);
}

/// Traefik writes X-Forwarded-* anew and vouches for them; a client's own are worth nothing.
#[tokio::test]
async fn a_client_can_not_claim_https() {
    let stack = Stack::get();
    let body = json!({"email": "nobody@example.com", "password": "wrong password"});
    let request = stack
        .client
        .post(format!("{}/api/users/signout", stack.base))
        .json(&body);
    let request = request
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-token", "guess");
    let response = request.send().await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(!cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn errors_arrive_as_the_service_wrote_them() {
    let stack = Stack::get();
    let response = stack.post("/api/users/signin", &json!({"email": 7})).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let problem: ProblemBody = response.json().await.unwrap();
    assert_eq!(problem.errors[0].field.as_deref(), Some("email"));
    let megabyte = json!({"email": "ann@example.com", "password": "x".repeat(1_000_000)});
    let response = stack.post("/api/users/signup", &megabyte).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
}
