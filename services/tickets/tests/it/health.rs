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

/// A Redis that is away delays events; tickets are shown and edited all the same.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis() {
    let redis = Redis::start().unwrap();
    let app = Builder::new().await.redis(redis.url()).start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    redis.crash().unwrap();
    let down = json!({"status": "degraded", "down": ["redis"]});
    let status = StatusCode::TOO_MANY_REQUESTS;
    says(&app, "?dependencies=warn", status, &down).await;
    let edit = json!({"title": "Sitting", "price": 1});
    let edited = app.put(&seller, &id, &edit).send().await.unwrap();
    assert_eq!(edited.status(), StatusCode::OK);
    assert_eq!(app.shown(&id).await["title"], "Sitting");

    redis.start_again().unwrap();
    eventually("what happened is published", async || {
        let unpublished = "SELECT count(*) FROM outbox WHERE stamp IS NULL";
        (app.number(unpublished).await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_by_route_and_status() {
    let app = TestApp::start().await;
    app.seat(&app.user()).await;
    app.get("/api/tickets/01936f0a-7a70-7000-8000-000000000001")
        .await;
    let metrics = get(format!("{}/metrics", app.admin)).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for expected in [
        r#"http_requests_total{method="POST",route="/api/tickets",status="201"}"#,
        r#"http_requests_total{method="GET",route="/api/tickets/{id}",status="404"}"#,
        r#"database_connections{state="open"}"#,
        "messaging_appended_total",
    ] {
        assert!(
            metrics.contains(expected),
            "{expected} is missing in\n{metrics}"
        );
    }
}
