//! What a client can get wrong, and what it is told.

use reqwest::{Method, StatusCode, header};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, problem};

const SIGN_UP: &str = "/api/users/signup";
const SIGN_IN: &str = "/api/users/signin";

#[rstest]
#[case::empty("", "The body is not valid JSON")]
#[case::not_json("email=a&password=b", "The body is not valid JSON")]
#[case::cut_off(r#"{"email": "a@example.com""#, "The body is not valid JSON")]
#[case::an_array("[]", "Expected struct")]
#[case::null("null", "Expected struct")]
#[case::nothing("{}", "Missing field email")]
#[case::number_for_email(r#"{"email": 7, "password": "12345678"}"#, "Expected a string")]
#[case::null_password(r#"{"email": "a@example.com", "password": null}"#, "Expected a string")]
#[case::object_for_password(
    r#"{"email": "a@example.com", "password": {"$gt": ""}}"#,
    "Expected a string"
)]
#[case::no_address(
    r#"{"email": "alskdflaskjfd", "password": "12345678"}"#,
    "Email must be valid"
)]
#[case::two_addresses(
    r#"{"email": "a@b.co,c@d.co", "password": "12345678"}"#,
    "Email must be valid"
)]
#[case::a_header(
    r#"{"email": "a@b.co\r\nBcc: c@d.co", "password": "12345678"}"#,
    "Email must be valid"
)]
#[case::a_null_byte(
    r#"{"email": "a\u0000@b.co", "password": "12345678"}"#,
    "Email must be valid"
)]
#[tokio::test(flavor = "multi_thread")]
async fn bodies(
    #[values(SIGN_UP, SIGN_IN)] path: &str,
    #[case] body: &'static str,
    #[case] message: &str,
) {
    let app = TestApp::start().await;
    let request = app
        .request(Method::POST, path)
        .header(header::CONTENT_TYPE, "application/json");
    let told = problem(
        request.body(body).send().await.unwrap(),
        StatusCode::BAD_REQUEST,
    )
    .await;
    assert!(told.starts_with(message), "{told}");
}

#[rstest]
#[case::too_short("1234567")]
#[case::empty("")]
#[case::too_long(&"x".repeat(129))]
#[tokio::test(flavor = "multi_thread")]
async fn passwords(#[case] password: &str) {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": password});
    let response = app.post(SIGN_UP, &body).send().await.unwrap();
    let told = problem(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(told, "Password must be between 8 and 128 characters");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_is_named() {
    let app = TestApp::start().await;
    let body = json!({"email": "ann", "password": "x"});
    let answer: Value = app
        .post(SIGN_UP, &body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let fields: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(fields, ["email", "password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_nobody_knows_are_let_pass() {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "newsletter": true});
    let response = app.post(SIGN_UP, &body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[rstest]
#[case::a_megabyte(1_000_000)]
#[case::just_over(16 * 1024)]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_limit(#[values(SIGN_UP, SIGN_IN)] path: &str, #[case] length: usize) {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": "x".repeat(length)});
    let response = app.post(path, &body).send().await.unwrap();
    let told = problem(response, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(told, "The body must not exceed 16384 bytes");
}

/// Without a Content-Length the size shows only while it is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_has_the_same_limit() {
    let app = TestApp::start().await;
    let chunks = futures::stream::iter((0..64).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let request = app
        .request(Method::POST, SIGN_IN)
        .header(header::CONTENT_TYPE, "application/json");
    let response = request
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    problem(response, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[rstest]
#[case::none(None)]
#[case::a_form(Some("application/x-www-form-urlencoded"))]
#[case::text(Some("text/plain"))]
#[case::nearly(Some("application/jsonp"))]
#[tokio::test(flavor = "multi_thread")]
async fn only_json(#[case] kind: Option<&str>) {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD}).to_string();
    let mut request = app.request(Method::POST, SIGN_UP).body(body);
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    problem(
        request.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
}

#[rstest]
#[case(Method::GET, "/")]
#[case(Method::GET, "/api/users")]
#[case(Method::GET, "/api/users/")]
#[case(Method::GET, "/api/users/nobody")]
#[case(Method::GET, "/api/users/signup")]
#[case(Method::DELETE, "/api/users/signin")]
#[case(Method::POST, "/api/users/currentuser")]
#[case(Method::PUT, "/api/users/signout")]
#[case(Method::GET, "/api/users/%2e%2e/health/live")]
#[case(Method::GET, "/health/live")]
#[case(Method::GET, "/health/ready")]
#[case(Method::GET, "/metrics")]
#[case(Method::from_bytes(b"BREW").unwrap(), "/api/users/signin")]
#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods(#[case] method: Method, #[case] path: &str) {
    let app = TestApp::start().await;
    let response = app.request(method, path).send().await.unwrap();
    assert_eq!(problem(response, StatusCode::NOT_FOUND).await, "Not found");
}

#[rstest]
#[case("/api/users/signup")]
#[case("/api/users/signin")]
#[case("/api/users/signout")]
#[tokio::test(flavor = "multi_thread")]
async fn cross_site_requests(#[case] path: &str) {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD});
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let response = app
            .post(path, &body)
            .header(name, value)
            .send()
            .await
            .unwrap();
        let told = problem(response, StatusCode::FORBIDDEN).await;
        assert_eq!(told, "Cross-site request refused");
    }
    let origin = app.base.clone();
    let response = app
        .post(path, &body)
        .header("origin", origin)
        .send()
        .await
        .unwrap();
    assert_ne!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_found_in_the_traces() {
    let app = TestApp::start().await;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = app
        .request(Method::GET, "/api/users/nobody")
        .header("traceparent", traceparent);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["traceId"], "0af7651916cd43dd8448eb211c80319c");
}
