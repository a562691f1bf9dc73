//! What Traefik lets through, adds, and repeats.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use reqwest::StatusCode;
use serde_json::json;
use ticketing_testkit::eventually;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::{Stack, plain_client};

#[tokio::test]
async fn the_admin_port_is_not_reachable() {
    let stack = Stack::get();
    // Raw: a URL type would resolve the dots before it sends them.
    for path in [
        "/health/live",
        "/health/ready",
        "/metrics",
        "/api/users/../../metrics",
        "/internal/tickets/018bcfe5-687b-7000-8000-000000000001",
        "/api/orders/../../internal/tickets/018bcfe5-687b-7000-8000-000000000001/inventory",
        "/api",
    ] {
        let answer = raw_get(&stack, path).await;
        let refused = ["HTTP/1.1 404", "HTTP/1.1 400"];
        assert!(
            refused.iter().any(|status| answer.starts_with(status)),
            "{path}: {answer}"
        );
        assert!(!answer.contains("http_requests_total"), "{path}");
    }
}

/// The answer to a path that is sent as it stands.
async fn raw_get(stack: &Stack, path: &str) -> String {
    let host = stack.base.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn answers_carry_security_headers() {
    let stack = Stack::get();
    let response = stack.get_path("/api/users/currentuser").await;
    let headers = response.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(
        headers["referrer-policy"],
        "strict-origin-when-cross-origin"
    );
    assert!(headers.get("server").is_none());
}

#[tokio::test]
async fn large_answers_are_compressed() {
    let stack = Stack::get();
    let url = format!("{}/api/users/openapi.json", stack.base);
    let response = stack
        .client
        .get(url)
        .header("accept-encoding", "br, gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let stack = Stack::get();
    let huge = json!({"email": "ann@example.com", "password": "x".repeat(3_000_000)});
    let response = stack.post("/api/users/signup", &huge).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

/// A service that reads a request and closes the connection: as one that is killed does.
struct Dying {
    requests: Arc<AtomicU32>,
    path: String,
    port: u16,
}

impl Dying {
    async fn start(stack: &Stack) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let read = connection.read(&mut buffer).await.unwrap_or(0);
                    let text = String::from_utf8_lossy(&buffer[..read]);
                    if text.starts_with("GET /ready-") {
                        // A connection that is kept would be reused for the next request.
                        let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                        _ = connection.write_all(answer).await;
                    } else if read > 0 {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let dying = Self {
            requests,
            path: format!("/dying-{port}"),
            port,
        };
        dying.register(stack).await;
        dying
    }

    /// Routed by tags, through the same chain as the services.
    async fn register(&self, stack: &Stack) {
        let (port, path) = (self.port, &self.path);
        let name = format!("dying-{port}");
        let service = json!({
            "ID": name, "Name": name, "Address": "127.0.0.1", "Port": port,
            "Tags": [
                "traefik.enable=true",
                format!("traefik.http.routers.{name}.entrypoints=web"),
                format!("traefik.http.routers.{name}.rule=Path(`{path}`) || Path(`/ready-{port}`)"),
                format!("traefik.http.routers.{name}.middlewares=api@file"),
            ]
        });
        let url = format!("{}/v1/agent/service/register", stack.consul);
        stack
            .client
            .put(url)
            .json(&service)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
        eventually("Traefik routes to it", async || {
            let ready = stack.get_path(&format!("/ready-{port}")).await;
            (ready.status() == StatusCode::OK).then_some(())
        })
        .await;
    }

    async fn deregister(&self, stack: &Stack) {
        let url = format!(
            "{}/v1/agent/service/deregister/dying-{}",
            stack.consul, self.port
        );
        stack
            .client
            .put(url)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }
}

/// What may have reached a service is never posted twice; a GET is asked again.
#[tokio::test]
async fn only_idempotent_requests_are_repeated() {
    let stack = Stack::get();
    let dying = Dying::start(&stack).await;
    let url = format!("{}{}", stack.base, dying.path);
    let post = stack
        .client
        .post(&url)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(post.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(
        dying.requests.load(Ordering::Relaxed),
        1,
        "a POST was repeated"
    );
    let get = plain_client()
        .build()
        .unwrap()
        .get(&url)
        .send()
        .await
        .unwrap();
    assert_eq!(get.status(), StatusCode::BAD_GATEWAY);
    assert!(
        dying.requests.load(Ordering::Relaxed) > 2,
        "a GET was not repeated"
    );
    dying.deregister(&stack).await;
}
