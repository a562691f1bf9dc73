//! docs/API.md and the OpenAPI document say what the routes do.

use auth::openapi::Document;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use ticketing_testkit::api_md;
use utoipa::OpenApi;

use crate::harness::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_served() {
    let app = TestApp::start().await;
    let served = app
        .request(Method::GET, "/api/users/openapi.json")
        .send()
        .await
        .unwrap();
    let served: Value = served.json().await.unwrap();
    assert_eq!(served, serde_json::to_value(Document::openapi()).unwrap());
    for (path, item) in served["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let response = app.request(method.clone(), path).send().await.unwrap();
            assert_ne!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

#[test]
fn api_md_lists_exactly_these_routes() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    assert_eq!(
        api_md::listed_routes("/api/users"),
        api_md::described_routes(&document)
    );
}
