//! What a client can get wrong, and what it is told. None of it changes anything.

use reqwest::{Method, StatusCode, header};
use rstest::rstest;
use serde_json::json;

use crate::harness::{World, one, problem};

const A: &str = "018bcfe5-687b-7000-8000-000000000001";

#[rstest]
#[case::empty("", "The body is not valid JSON")]
#[case::not_json("ticketId=7", "The body is not valid JSON")]
#[case::an_array("[]", "TicketId must be provided")]
#[case::nothing("{}", "TicketId must be provided")]
#[case::null_ticket(r#"{"ticketId": null}"#, "TicketId must be provided")]
#[case::no_id(r#"{"ticketId": "7"}"#, "Has a value that can't be used")]
#[case::a_number(r#"{"ticketId": 7}"#, "Expected a")]
#[case::none_of_it(
    r#"{"ticketId": "$A", "quantity": 0}"#,
    "Must be between 1 and 1000000"
)]
#[case::less(
    r#"{"ticketId": "$A", "quantity": -1}"#,
    "Must be between 1 and 1000000"
)]
#[case::more(
    r#"{"ticketId": "$A", "quantity": 1000001}"#,
    "Must be between 1 and 1000000"
)]
#[case::a_part(r#"{"ticketId": "$A", "quantity": 1.5}"#, "Expected i32")]
#[case::text(r#"{"ticketId": "$A", "quantity": "2"}"#, "Expected i32")]
#[case::far_more(r#"{"ticketId": "$A", "quantity": 4294967297}"#, "Expected i32")]
#[case::price(
    r#"{"ticketId": "$A", "price": "cheap"}"#,
    "Expected a plain decimal number"
)]
#[case::exponent(
    r#"{"ticketId": "$A", "price": 1e3}"#,
    "Expected a plain decimal number"
)]
#[case::both(r#"{"ticketId": "$A", "items": []}"#, "Give either ticketId or items")]
#[case::no_items(r#"{"items": []}"#, "Items must not be empty")]
#[case::beside(
    r#"{"items": [{"ticketId": "$A", "quantity": 1}], "quantity": 2}"#,
    "Give quantity and price within items"
)]
#[case::twice(
    r#"{"items": [{"ticketId": "$A", "quantity": 1}, {"ticketId": "$A", "quantity": 1}]}"#,
    "Each ticket may be in items once"
)]
#[case::no_quantity(r#"{"items": [{"ticketId": "$A"}]}"#, "Missing field quantity")]
#[case::item_of_none(r#"{"items": [{"ticketId": "$A", "quantity": 0}]}"#, "")]
#[tokio::test(flavor = "multi_thread")]
async fn bodies(#[case] body: &str, #[case] message: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let request = app
        .request(Method::POST, "/api/orders")
        .bearer_auth(&world.user().session)
        .header(header::CONTENT_TYPE, "application/json");
    let answer = request.body(body.replace("$A", A)).send().await.unwrap();
    let told = problem(answer, StatusCode::BAD_REQUEST).await;
    assert!(told.starts_with(message), "{told}");
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 0);
    assert_eq!(world.neighbours.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_items() {
    let world = World::new().await;
    let app = world.start().await;
    let items: Vec<_> = (0..21)
        .map(|_| json!({"ticketId": world.ticket(1).id, "quantity": 1}))
        .collect();
    let answer = app.order(&world.user(), &json!({"items": items})).await;
    assert_eq!(
        problem(answer, StatusCode::BAD_REQUEST).await,
        "At most 20 items"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_and_no_json() {
    let world = World::new().await;
    let app = world.start().await;
    let large = json!({"ticketId": A, "note": "x".repeat(17_000)});
    let answer = app.order(&world.user(), &large).await;
    problem(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    let request = app.request(Method::POST, "/api/orders");
    let request = request.bearer_auth(&world.user().session).body("{}");
    problem(
        request.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
}

#[rstest]
#[case(Method::GET, "/")]
#[case(Method::GET, "/api/orders/")]
#[case(Method::PUT, "/api/orders")]
#[case(Method::POST, "/api/orders/sales")]
#[case(Method::PATCH, "/api/orders/018bcfe5-687b-7000-8000-000000000001")]
#[case(Method::GET, "/api/orders/018bcfe5-687b-7000-8000-000000000001/items")]
#[case(Method::GET, "/health/live")]
#[case(Method::GET, "/metrics")]
#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods(#[case] method: Method, #[case] path: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let request = app.request(method, path);
    let request = request.bearer_auth(&world.user().session);
    let answer = request.send().await.unwrap();
    assert_eq!(problem(answer, StatusCode::NOT_FOUND).await, "Not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn cross_site_requests() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = app
            .ordering(&world.user(), &one(ticket))
            .header(name, value);
        let told = problem(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
        assert_eq!(told, "Cross-site request refused");
    }
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_none() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    let mut user = world.user();
    user.session.push('x');
    for session in [user.session.as_str(), "", "x.y.z"] {
        let request = app.request(Method::POST, "/api/orders").json(&one(ticket));
        let answer = request.bearer_auth(session).send().await.unwrap();
        problem(answer, StatusCode::UNAUTHORIZED).await;
    }
}
