//! The admin port.

use std::time::Duration;

use reqwest::{StatusCode, get};
use serde_json::{Value, json};
use ticketing_testkit::{Redis, eventually};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{App, World};

async fn ready(app: &App, query: &str) -> (StatusCode, Value) {
    let answer = get(format!("{}/health/ready{query}", app.admin)).await;
    let answer = answer.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Waits for this answer: whoever is probed has a second, and may be too slow once.
async fn tells(app: &App, query: &str, expected: (StatusCode, Value)) {
    eventually(&format!("{query} {expected:?}"), async || {
        (ready(app, query).await == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_named() {
    let redis = Redis::start().unwrap();
    let mut world = World::new().await;
    world.redis.url = redis.url();
    let app = world.start().await;
    tells(&app, "", (StatusCode::OK, json!({"status": "ready"}))).await;
    redis.engine.freeze().unwrap();
    let down = json!({"status": "degraded", "down": ["redis"]});
    let refused = (StatusCode::SERVICE_UNAVAILABLE, down.clone());
    tells(&app, "", refused).await;
    let warned = (StatusCode::TOO_MANY_REQUESTS, down);
    tells(&app, "?dependencies=warn", warned).await;
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

/// Who asks over it must not meet its end: neither a neighbour nor Traefik, which keep theirs for 30 s and
/// open some ahead. The server's own default is five seconds, after which it says 408 to who has asked
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_kept() {
    let world = World::new().await;
    let app = world.start().await;
    let mut connections = Vec::new();
    for address in [&app.admin, &app.base] {
        let address = address.strip_prefix("http://").unwrap();
        let mut used = TcpStream::connect(address).await.unwrap();
        let ask = b"GET /nothing HTTP/1.1\r\nHost: orders\r\n\r\n";
        used.write_all(ask).await.unwrap();
        let mut answer = [0; 4096];
        let read = used.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 404"));
        let unused = TcpStream::connect(address).await.unwrap();
        connections.extend([used, unused]);
    }
    let ends = connections.iter_mut().map(|connection| {
        Box::pin(async move {
            let mut more = [0; 4096];
            // The answer's rest, if there is one; then nothing, and no end either.
            while connection.read(&mut more).await.unwrap() > 0 {}
        })
    });
    let any = futures::future::select_all(ends);
    assert!(timeout(Duration::from_secs(12), any).await.is_err());
}
