//! `POST /api/users/signout`

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{TestApp, set_cookie};

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_cleared() {
    let app = TestApp::start().await;
    let response = app
        .post("/api/users/signout", &json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = set_cookie(&response);
    assert!(
        cookie.starts_with("session=;") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    assert_eq!(response.json::<Value>().await.unwrap(), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_not_needed() {
    let app = TestApp::start().await;
    let request = app.request(reqwest::Method::POST, "/api/users/signout");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}
