//! The OpenAPI document says what the routes do.

use orders::openapi::Document;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use utoipa::OpenApi;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_served() {
    let world = World::new().await;
    let app = world.start().await;
    let served = app.request(Method::GET, "/api/orders/openapi.json");
    let served: Value = served.send().await.unwrap().json().await.unwrap();
    assert_eq!(served, serde_json::to_value(Document::openapi()).unwrap());
    let mut count = 0;
    for (path, item) in served["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        for method in methods.filter(|key| *key != "parameters") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            // Without a session a route that is there says so.
            let answer = app.request(method.clone(), path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            count += 1;
        }
    }
    assert_eq!(count, 5);
}

#[test]
fn names_are_the_contracts() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "NewOrder",
        "NewOrderItem",
        "Order",
        "OrderItem",
        "Sales",
        "SalesPoint",
        "ProblemBody",
    ] {
        assert!(schemas.contains_key(name), "{name} in {:?}", schemas.keys());
    }
    let parameters = &document["paths"]["/api/orders/sales"]["get"]["parameters"];
    let names: Vec<_> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["ticketId", "from", "to", "step"]);
}
