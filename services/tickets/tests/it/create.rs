//! `POST /api/tickets`

use reqwest::{Method, StatusCode, header::COOKIE};
use serde_json::json;
use ticketing_contracts::time::to_text;

use crate::harness::{TestApp, id_of, json_of, path, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_unless_more_is_said() {
    let app = TestApp::start().await;
    let seller = app.user();
    let body = json!({"title": " Row 7, seat 12 ", "price": 10.5});
    let response = app.post(&seller, &body).send().await.unwrap();
    let headers = response.headers().clone();
    let ticket = json_of(response, StatusCode::CREATED).await;
    let id = id_of(&ticket);
    assert_eq!(headers["location"], path(&id).as_str());
    assert_eq!(headers["etag"], "\"1-0\"");
    assert_eq!(headers["cache-control"], "no-store");
    let now = to_text(app.clock.clock().now());
    let expected = json!({
        "id": id, "title": "Row 7, seat 12", "price": 10.5, "currency": "USD", "userId": seller.id,
        "version": 1, "capacity": 1, "held": 0, "sold": 0, "available": 1,
        "createdAt": now, "updatedAt": now,
    });
    assert_eq!(ticket, expected);
    assert_eq!(
        app.shown(&id).await,
        expected,
        "it is shown as it was answered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_can_be_said() {
    let app = TestApp::start().await;
    let body = json!({
        "title": "Stehplatz", "price": "1500", "currency": "JPY", "capacity": 20_000,
        "maxPerOrder": 4, "maxPerPerson": 8, "unknown": "is let pass",
    });
    let ticket = app.put_up(&app.user(), &body).await;
    assert_eq!(ticket["price"], 1500);
    assert_eq!(
        (&ticket["currency"], &ticket["capacity"]),
        (&json!("JPY"), &json!(20_000))
    );
    assert_eq!(
        (&ticket["maxPerOrder"], &ticket["maxPerPerson"]),
        (&json!(4), &json!(8))
    );
    assert_eq!(ticket["available"], 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_tells_of_it() {
    let app = TestApp::start().await;
    let seller = app.user();
    let body = json!({"title": "Standing", "price": 10.5, "capacity": 500, "maxPerOrder": 4});
    let ticket = app.put_up(&seller, &body).await;
    let data = json!({
        "id": ticket["id"], "version": 1, "title": "Standing", "price": 1050, "currency": "USD",
        "userId": seller.id, "capacity": 500, "maxPerOrder": 4,
    });
    assert_eq!(app.events().await, [("ticket:created".to_owned(), 1, data)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_a_session_as_well() {
    let app = TestApp::start().await;
    let request = app
        .request(Method::POST, "/api/tickets")
        .header(COOKIE, format!("session={}", app.user().token))
        .json(&json!({"title": "Row 7", "price": 1}));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_session() {
    let app = TestApp::start().await;
    let body = json!({"title": "Row 7", "price": 1});
    for token in [None, Some("broken"), Some(app.user().token.as_str())] {
        let mut request = app.request(Method::POST, "/api/tickets").json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if token.is_some_and(|token| token != "broken") {
            app.clock.advance(chrono::TimeDelta::hours(24));
        }
        let response = request.send().await.unwrap();
        assert_eq!(
            problem(response, StatusCode::UNAUTHORIZED).await,
            "Not authorized"
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM ticket").await, 0);
    assert!(app.events().await.is_empty());
}
