//! The limits of traefik/middlewares.yml, low enough to be met: a Traefik of the test's own reads
//! that file. The stack's are high, for load tests from one address.

use std::{fs, net::SocketAddr, path::Path};

use reqwest::StatusCode;
use ticketing_testkit::engine::{Engine, folder, free_port};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::harness::plain_client;

struct Limited {
    _traefik: Engine,
    url: String,
}

impl Limited {
    async fn start() -> Self {
        let (port, folder) = (free_port().unwrap(), folder(None).unwrap());
        let dynamic = folder.join("dynamic");
        fs::create_dir(&dynamic).unwrap();
        let middlewares = concat!(env!("CARGO_MANIFEST_DIR"), "/../../traefik/middlewares.yml");
        fs::copy(Path::new(middlewares), dynamic.join("middlewares.yml")).unwrap();
        let routes = format!(
            "http:
  routers:
    all: {{rule: 'PathPrefix(`/`)', service: all, middlewares: [api]}}
    webhook: {{rule: 'Path(`/webhook`)', service: all, middlewares: [webhook]}}
  services:
    all: {{loadBalancer: {{servers: [{{url: 'http://{}'}}]}}}}",
            backend().await
        );
        fs::write(dynamic.join("routes.yml"), routes).unwrap();
        let settings = [
            "RATE_LIMIT_AVERAGE=1",
            "RATE_LIMIT_BURST=5",
            "MAX_BODY_BYTES=1000",
            "FORWARDED_TOKEN=secret",
            "TRUSTED_HOPS=0",
        ];
        let entry = format!("--entryPoints.web.address=127.0.0.1:{port}");
        let files = format!("--providers.file.directory={}", dynamic.display());
        let command = ["env"]
            .into_iter()
            .chain(settings)
            .chain(["traefik", &entry, &files]);
        let command: Vec<_> = command.map(ToOwned::to_owned).collect();
        let traefik = Engine::start(&command, port, folder, None).unwrap();
        let limited = Self {
            _traefik: traefik,
            url: format!("http://127.0.0.1:{port}/"),
        };
        // It listens before it has read its routes.
        ticketing_testkit::eventually("it routes", async || {
            let status = plain_client()
                .build()
                .unwrap()
                .get(&limited.url)
                .send()
                .await
                .ok()?
                .status();
            (status == StatusCode::OK).then_some(())
        })
        .await;
        limited
    }
}

/// Answers 200 to everything, with the token that it was sent.
async fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut buffer = [0; 8192];
            let read = connection.read(&mut buffer).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..read]).to_lowercase();
            let tokens = request.matches("x-forwarded-token: secret").count();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nx-tokens: {tokens}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn requests_per_address_are_limited() {
    let limited = Limited::start().await;
    let mut refused = None;
    for _ in 0..20 {
        let response = plain_client()
            .build()
            .unwrap()
            .get(&limited.url)
            .send()
            .await
            .unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("20 at once are more than 5 and 1 a second");
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn bodies_are_limited() {
    let limited = Limited::start().await;
    let body = "x".repeat(1001);
    let response = plain_client()
        .build()
        .unwrap()
        .post(&limited.url)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

/// Stripe tells from a few addresses of all that is paid.
#[tokio::test]
async fn webhooks_are_not_limited_but_their_bodies_are() {
    let limited = Limited::start().await;
    let url = format!("{}webhook", limited.url);
    let post = async |bytes: usize| {
        let request = plain_client()
            .build()
            .unwrap()
            .post(&url)
            .body("x".repeat(bytes));
        request.send().await.unwrap().status()
    };
    for _ in 0..20 {
        assert_eq!(post(1001).await, StatusCode::OK);
    }
    assert_eq!(post(65_537).await, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A client that guesses the header does not get its own through beside Traefik's.
#[tokio::test]
async fn the_token_is_traefiks_alone() {
    let limited = Limited::start().await;
    let request = plain_client()
        .build()
        .unwrap()
        .get(&limited.url)
        .header("X-Forwarded-Token", "secret");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-tokens"], "1");
}
