//! The admin port.

use reqwest::{StatusCode, get};
use serde_json::{Value, json};
use ticketing_testkit::Redis;

use crate::harness::{Builder, TestApp};

async fn ready(app: &TestApp, query: &str) -> (StatusCode, Value) {
    let response = get(format!("{}/health/ready{query}", app.admin))
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let app = TestApp::start().await;
    let live = get(format!("{}/health/live", app.admin)).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    assert_eq!(
        ready(&app, "").await,
        (StatusCode::OK, json!({"status": "ready"}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_named() {
    let redis = Redis::start().unwrap();
    let app = Builder::new().await.redis(redis.url()).start().await;
    assert_eq!(ready(&app, "").await.0, StatusCode::OK);
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
    assert_eq!(
        live.status(),
        StatusCode::OK,
        "the process is no less alive"
    );
    redis.engine.thaw().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_by_route_and_status() {
    let app = TestApp::start().await;
    app.sign_up("ann@example.com").await;
    get(format!("{}/api/users/0af76519-made-up", app.base))
        .await
        .unwrap();
    let metrics = get(format!("{}/metrics", app.admin))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for expected in [
        r#"http_requests_total{method="POST",route="/api/users/signup",status="201"}"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"}"#,
        r#"http_request_duration_seconds_bucket{method="POST",route="/api/users/signup",le="0.1"}"#,
        r#"database_connections{state="open"}"#,
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ] {
        assert!(
            metrics.contains(expected),
            "{expected} is missing in\n{metrics}"
        );
    }
    assert!(!metrics.contains("made-up"), "a label holds a path");
    assert!(!metrics.contains("ann@"), "a label holds personal data");
}
