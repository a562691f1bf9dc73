//! What a client can get wrong, and what it is told.

use reqwest::{Method, StatusCode, header};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{TestApp, path, problem, problem_with_field};

const TICKETS: &str = "/api/tickets";

#[rstest]
#[case::empty("", "The body is not valid JSON", None)]
#[case::cut_off(r#"{"title": "x""#, "The body is not valid JSON", None)]
#[case::an_array("[]", "Expected struct", None)]
#[case::null("null", "Expected struct", None)]
#[case::nothing("{}", "Missing field title", None)]
#[case::no_price(r#"{"title": "x"}"#, "Missing field price", None)]
#[case::number_for_title(r#"{"title": 7, "price": 1}"#, "Expected a string", Some("title"))]
#[case::empty_title(r#"{"title": "", "price": 1}"#, "Title is required", Some("title"))]
#[case::blank_title(r#"{"title": "  ", "price": 1}"#, "Title is required", Some("title"))]
#[case::a_null_byte(
    r#"{"title": "a\u0000b", "price": 1}"#,
    "Title must be plain text",
    Some("title")
)]
#[case::two_lines(
    r#"{"title": "a\nb", "price": 1}"#,
    "Title must be plain text",
    Some("title")
)]
#[case::free(
    r#"{"title": "x", "price": 0}"#,
    "Price must be greater than 0",
    Some("price")
)]
#[case::negative(
    r#"{"title": "x", "price": -10}"#,
    "Price must not be negative",
    Some("price")
)]
#[case::no_number(
    r#"{"title": "x", "price": "ten"}"#,
    "Expected a plain decimal number",
    Some("price")
)]
#[case::an_exponent(
    r#"{"title": "x", "price": 1e3}"#,
    "Expected a plain decimal number",
    Some("price")
)]
#[case::null_price(
    r#"{"title": "x", "price": null}"#,
    "Expected a plain decimal number",
    Some("price")
)]
#[case::half_a_cent(
    r#"{"title": "x", "price": 1.005}"#,
    "Price must not have more than 2 decimals",
    Some("price")
)]
#[case::a_fortune(
    r#"{"title": "x", "price": 1000000}"#,
    "Price is too large",
    Some("price")
)]
#[case::no_capacity(
    r#"{"title": "x", "price": 1, "capacity": 0}"#,
    "Must be between 1",
    Some("capacity")
)]
#[case::too_many(
    r#"{"title": "x", "price": 1, "capacity": 1000001}"#,
    "Must be between 1",
    Some("capacity")
)]
#[case::far_too_many(
    r#"{"title": "x", "price": 1, "capacity": 99999999999}"#,
    "Expected i32",
    Some("capacity")
)]
#[case::half_a_seat(
    r#"{"title": "x", "price": 1, "capacity": 1.5}"#,
    "Expected i32",
    Some("capacity")
)]
#[case::none_per_order(
    r#"{"title": "x", "price": 1, "maxPerOrder": 0}"#,
    "Must be between 1",
    Some("maxPerOrder")
)]
#[case::less_per_person(
    r#"{"title": "x", "price": 1, "maxPerPerson": -3}"#,
    "Must be between 1",
    Some("maxPerPerson")
)]
#[tokio::test(flavor = "multi_thread")]
async fn bodies(
    #[values(Method::POST, Method::PUT)] method: Method,
    #[case] body: &'static str,
    #[case] message: &str,
    #[case] field: Option<&str>,
) {
    let app = TestApp::start().await;
    let seller = app.user();
    let (path, before) = match method {
        Method::PUT => {
            let id = app.offer(&seller, 5).await;
            (path(&id), Some((id.clone(), app.shown(&id).await)))
        }
        _ => (TICKETS.to_owned(), None),
    };
    let events = app.event_types().await;
    let request = app
        .by(&seller, method, &path)
        .header(header::CONTENT_TYPE, "application/json");
    let response = request.body(body).send().await.unwrap();
    let told = problem_with_field(response, StatusCode::BAD_REQUEST).await;
    assert!(told.0.starts_with(message), "{told:?}");
    assert_eq!(told.1.as_deref(), field);

    assert_eq!(app.event_types().await, events, "nothing happened");
    match before {
        Some((id, before)) => assert_eq!(app.shown(&id).await, before),
        None => assert_eq!(app.number("SELECT count(*) FROM ticket").await, 0),
    }
}

#[rstest]
#[case::unknown(json!("QQQ"))]
#[case::small(json!("usd"))]
#[case::a_number(json!(840))]
#[tokio::test(flavor = "multi_thread")]
async fn currencies(#[case] currency: Value) {
    let app = TestApp::start().await;
    let body = json!({"title": "x", "price": 1, "currency": currency});
    let response = app.post(&app.user(), &body).send().await.unwrap();
    let (message, field) = problem_with_field(response, StatusCode::BAD_REQUEST).await;
    assert!(
        message.starts_with("Expected an ISO 4217 currency code"),
        "{message}"
    );
    assert_eq!(field.as_deref(), Some("currency"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_invalid_field_is_named() {
    let app = TestApp::start().await;
    let body = json!({"title": "", "price": -1, "capacity": 0, "maxPerOrder": 0});
    let answer = app.post(&app.user(), &body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let errors = answer["errors"].as_array().unwrap();
    let fields: Vec<_> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["capacity", "maxPerOrder", "price", "title"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_limit() {
    let app = TestApp::start().await;
    let body = json!({"title": "x".repeat(16 * 1024), "price": 1});
    let response = app.post(&app.user(), &body).send().await.unwrap();
    problem(response, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[rstest]
#[case::none(None)]
#[case::a_form(Some("application/x-www-form-urlencoded"))]
#[tokio::test(flavor = "multi_thread")]
async fn only_json(#[case] kind: Option<&str>) {
    let app = TestApp::start().await;
    let mut request = app
        .by(&app.user(), Method::POST, TICKETS)
        .body(r#"{"title": "x", "price": 1}"#);
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
#[case::short("1")]
#[case::a_word("nobody")]
#[case::nearly("01936f0a-7a70-7000-8000-00000000000g")]
#[case::encoded("%00")]
#[case::an_injection("1'%20OR%20'1'='1")]
#[case::never_made("01936f0a-7a70-7000-8000-000000000001")]
#[tokio::test(flavor = "multi_thread")]
async fn ids_of_nothing(
    #[values(Method::GET, Method::PUT, Method::DELETE)] method: Method,
    #[case] id: &str,
) {
    let app = TestApp::start().await;
    let request = app.by(&app.user(), method, &path(id));
    let request = request.json(&json!({"title": "x", "price": 1}));
    let response = request.send().await.unwrap();
    assert_eq!(problem(response, StatusCode::NOT_FOUND).await, "Not found");
}

#[rstest]
#[case(Method::GET, "/")]
#[case(Method::GET, "/api/tickets/")]
#[case(Method::DELETE, "/api/tickets")]
#[case(Method::PUT, "/api/tickets")]
#[case(Method::POST, "/api/tickets/01936f0a-7a70-7000-8000-000000000001")]
#[case(Method::PATCH, "/api/tickets/01936f0a-7a70-7000-8000-000000000001")]
#[case(
    Method::GET,
    "/api/tickets/01936f0a-7a70-7000-8000-000000000001/orders"
)]
#[case(Method::GET, "/internal/tickets/01936f0a-7a70-7000-8000-000000000001")]
#[case(Method::GET, "/health/live")]
#[case(Method::GET, "/metrics")]
#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods(#[case] method: Method, #[case] path: &str) {
    let app = TestApp::start().await;
    let response = app.by(&app.user(), method, path).send().await.unwrap();
    assert_eq!(problem(response, StatusCode::NOT_FOUND).await, "Not found");
}

#[rstest]
#[case("limit=0", Some("limit"))]
#[case("limit=101", Some("limit"))]
#[case("limit=many", Some("limit"))]
#[case("limit=-1", Some("limit"))]
#[case("limit=", Some("limit"))]
#[case("cursor=x", Some("cursor"))]
#[case("cursor=", Some("cursor"))]
#[case("cursor=%00%ff", Some("cursor"))]
#[case("owner=you", Some("owner"))]
#[case("owner=", Some("owner"))]
#[case("limit=1&limit=2", None)]
#[tokio::test(flavor = "multi_thread")]
async fn queries(#[case] query: &str, #[case] field: Option<&str>) {
    let app = TestApp::start().await;
    let response = app.get(&format!("{TICKETS}?{query}")).await;
    let told = problem_with_field(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(told.1.as_deref(), field);
}

#[rstest]
#[case(Method::POST)]
#[case(Method::PUT)]
#[case(Method::DELETE)]
#[tokio::test(flavor = "multi_thread")]
async fn cross_site_requests(#[case] method: Method) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    let path = if method == Method::POST {
        TICKETS.to_owned()
    } else {
        path(&id)
    };
    let request = app
        .by(&seller, method, &path)
        .header("sec-fetch-site", "cross-site")
        .json(&json!({"title": "x", "price": 1}));
    let told = problem(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    assert_eq!(told, "Cross-site request refused");
    assert_eq!(app.event_types().await, ["ticket:created"]);
}
