//! The OpenAPI document says what the routes do.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tickets::openapi::Document;
use utoipa::OpenApi;

use crate::harness::{TestApp, json_of};

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_served() {
    let app = TestApp::start().await;
    let id = app.offer(&app.user(), 5).await;
    let served = app.get("/api/tickets/openapi.json").await;
    let served = json_of(served, StatusCode::OK).await;
    assert_eq!(served, serde_json::to_value(Document::openapi()).unwrap());
    let mut routes = Vec::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let response = app
                .request(method.clone(), &path.replace("{id}", &id))
                .send()
                .await
                .unwrap();
            assert_ne!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
            routes.push(format!("{method} {path}"));
        }
    }
    routes.sort_unstable();
    let expected = [
        "DELETE /api/tickets/{id}",
        "GET /api/tickets",
        "GET /api/tickets/{id}",
        "POST /api/tickets",
        "PUT /api/tickets/{id}",
    ];
    assert_eq!(routes, expected);
}

#[test]
fn a_list_has_its_parameters() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let parameters = &document["paths"]["/api/tickets"]["get"]["parameters"];
    let names: Vec<_> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["limit", "cursor", "q", "owner"]);
    assert_eq!(parameters[0]["in"], Value::from("query"));
}
