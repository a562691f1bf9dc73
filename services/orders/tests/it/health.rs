//! The admin port.

use reqwest::{StatusCode, get};
use serde_json::{Value, json};
use ticketing_testkit::{Redis, eventually};

use crate::harness::{App, World};

async fn ready(app: &App, query: &str) -> (StatusCode, Value) {
    let answer = get(format!("{}/health/ready{query}", app.admin)).await;
    let answer = answer.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_named() {
    let redis = Redis::start().unwrap();
    let mut world = World::new().await;
    world.redis.url = redis.url();
    let app = world.start().await;
    assert_eq!(
        ready(&app, "").await,
        (StatusCode::OK, json!({"status": "ready"}))
    );
    redis.engine.freeze().unwrap();
    let down = json!({"status": "degraded", "down": ["redis"]});
    assert_eq!(
        ready(&app, "").await,
        (StatusCode::SERVICE_UNAVAILABLE, down.clone())
    );
    assert_eq!(
        ready(&app, "?dependencies=warn").await,
        (StatusCode::TOO_MANY_REQUESTS, down)
    );
    let live = get(format!("{}/health/live", app.admin)).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    redis.engine.thaw().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = app.placed(&ann, world.offered(1).await).await;
    app.show(&ann, order.id).await;
    let names = [
        r#"http_requests_total{method="POST",route="/api/orders",status="201"}"#,
        r#"http_requests_total{method="GET",route="/api/orders/{id}",status="200"}"#,
        "orders_batch_size_count",
        "orders_queue_depth",
        "messaging_published_total",
        r#"database_connections{state="open"}"#,
    ];
    let metrics = eventually("all is counted", async || {
        let metrics = app.metrics().await;
        names
            .iter()
            .all(|name| metrics.contains(name))
            .then_some(metrics)
    })
    .await;
    assert!(
        !metrics.contains(&order.id.to_string()),
        "a label holds an id"
    );
}
