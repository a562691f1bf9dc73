//! The OpenAPI document says what the routes do.

use payments::openapi::Document;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use utoipa::OpenApi;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_served() {
    let world = World::new().await;
    let app = world.start().await;
    let served = app.request(Method::GET, "/api/payments/openapi.json");
    let served: Value = served.send().await.unwrap().json().await.unwrap();
    assert_eq!(served, serde_json::to_value(Document::openapi()).unwrap());
    let mut found = Vec::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        for name in methods.filter(|key| *key != "parameters") {
            let method = Method::from_bytes(name.to_uppercase().as_bytes()).unwrap();
            let answer = app.request(method, path).send().await.unwrap();
            // A route that is there wants a session, Stripe's signature, or nothing.
            let expected = match path.as_str() {
                "/api/payments/config" => StatusCode::OK,
                "/api/payments/webhook" => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNAUTHORIZED,
            };
            assert_eq!(answer.status(), expected, "{name} {path}");
            found.push(format!("{name} {path}"));
        }
    }
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn names_are_the_contracts() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "NewPayment",
        "Payment",
        "PaymentStatus",
        "PaymentConfig",
        "ProblemBody",
    ] {
        assert!(schemas.contains_key(name), "{name} in {:?}", schemas.keys());
    }
}
