//! The admin port.

use reqwest::{StatusCode, get};
use serde_json::{Value, json};
use ticketing_testkit::{Redis, eventually};

use crate::harness::{Builder, TestApp};

/// Waits until it says this: on a busy machine what is well may miss its second as well.
async fn says(app: &TestApp, query: &str, status: StatusCode, told: &Value) {
    eventually(&format!("it says {status} and {told}"), async || {
        let response = get(format!("{}/health/ready{query}", app.admin))
            .await
            .unwrap();
        let found = response.status();
        let is_told = response.json::<Value>().await.unwrap() == *told;
        (found == status && is_told).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let app = TestApp::start().await;
    let live = get(format!("{}/health/live", app.admin)).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    says(&app, "", StatusCode::OK, &json!({"status": "ready"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_named() {
    let redis = Redis::start().unwrap();
    let app = Builder::new().await.redis(redis.url()).start().await;
    says(&app, "", StatusCode::OK, &json!({"status": "ready"})).await;
    redis.engine.freeze().unwrap();
    let down = json!({"status": "degraded", "down": ["redis"]});
    says(&app, "", StatusCode::SERVICE_UNAVAILABLE, &down).await;
    let status = StatusCode::TOO_MANY_REQUESTS;
    says(&app, "?dependencies=warn", status, &down).await;
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
