//! `GET /internal/tickets/{id}` on the admin port

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{ORDERS_TOKEN, SERVICE_TOKEN, TestApp, json_of, problem};

fn internal(id: &str) -> String {
    format!("/internal/tickets/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_is_told_what_the_seller_offers() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 500).await;
    let edit = json!({"title": "Sitting", "price": 10.5, "maxPerPerson": 8});
    app.put(&seller, &id, &edit).send().await.unwrap();
    let response = app.internal(&internal(&id), Some(ORDERS_TOKEN)).await;
    let told = json_of(response, StatusCode::OK).await;
    let expected = json!({
        "id": id, "version": 2, "title": "Sitting", "price": 1050, "currency": "USD",
        "userId": seller.id, "capacity": 500, "maxPerPerson": 8,
    });
    assert_eq!(told, expected);
    assert_eq!(app.events().await[1].2, expected, "the same as the event");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_not_on_offer() {
    let app = TestApp::start().await;
    let seller = app.user();
    let gone = app.offer(&seller, 5).await;
    app.delete(&seller, &gone).await;
    for id in [
        gone.as_str(),
        "01936f0a-7a70-7000-8000-000000000001",
        "nobody",
    ] {
        let response = app.internal(&internal(id), Some(ORDERS_TOKEN)).await;
        problem(response, StatusCode::NOT_FOUND).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_told() {
    let app = TestApp::start().await;
    let user = app.user();
    let id = app.offer(&user, 5).await;
    for token in [
        None,
        Some(""),
        Some(SERVICE_TOKEN),
        Some(user.token.as_str()),
    ] {
        let response = app.internal(&internal(&id), token).await;
        problem(response, StatusCode::UNAUTHORIZED).await;
    }
}
