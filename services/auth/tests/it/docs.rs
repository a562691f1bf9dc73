//! docs/API.md and the OpenAPI document say what the routes do.

use auth::openapi::Document;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use utoipa::OpenApi;

use crate::harness::TestApp;

const API: &str = include_str!("../../../../docs/API.md");

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
    let mut described: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        described.extend(
            item.as_object()
                .unwrap()
                .keys()
                .map(|m| format!("{} {path}", m.to_uppercase())),
        );
    }
    let mut listed: Vec<_> = API
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(route, _)| route.to_owned())
        .filter(|route| route.contains(" /api/users/"))
        .collect();
    described.sort();
    listed.sort();
    assert_eq!(listed, described);
}
