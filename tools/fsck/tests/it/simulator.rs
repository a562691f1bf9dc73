//! What stands in for the payment simulator, with books that a test may change.

use std::sync::{Arc, Mutex};

use fsck::config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::World;

pub const KEY: &str = "sk_test_fsck";

/// What it has charged for `clean.sql`.
const BOOKS: &str = r#"{"charges": 3, "refunds": 1, "currencies": {
    "usd": {"charged": 7000, "refunded": 4000}, "eur": {"charged": 900, "refunded": 0}}}"#;

/// Answers `GET /sim/totals` to whoever has the key.
pub struct Simulator {
    pub url: String,
    books: Arc<Mutex<String>>,
}

impl Simulator {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let books = Arc::new(Mutex::new(BOOKS.to_owned()));
        let shown = Arc::clone(&books);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let books = shown.lock().unwrap().clone();
                tokio::spawn(answer(stream, books));
            }
        });
        Self {
            url: format!("http://{address}"),
            books,
        }
    }

    pub fn config(&self) -> config::Simulator {
        config::Simulator {
            url: self.url.clone(),
            key: KEY.to_owned().into(),
        }
    }

    fn shows(&self, books: &str) {
        books.clone_into(&mut self.books.lock().unwrap());
    }
}

async fn answer(mut stream: TcpStream, books: String) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or_default() == 0 {
            return;
        }
    }
    let request = String::from_utf8_lossy(&request).to_lowercase();
    let known = request.contains(&format!("authorization: bearer {KEY}"));
    let status = if !known {
        "401 Unauthorized"
    } else if request.starts_with("get /sim/totals ") {
        "200 OK"
    } else {
        "404 Not Found"
    };
    let length = books.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close");
    let answer = format!("{head}\r\n\r\n{books}");
    // Whoever has gone does not want it.
    _ = stream.write_all(answer.as_bytes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_books_are_found() {
    let world = World::new().await;
    for others in [
        BOOKS.replace("\"charges\": 3", "\"charges\": 4"),
        BOOKS.replace("\"refunds\": 1", "\"refunds\": 2"),
        BOOKS.replace("7000", "7001"),
        BOOKS.replace("\"refunded\": 0", "\"refunded\": 900"),
        BOOKS.replace("eur", "gbp"),
    ] {
        assert_ne!(others, BOOKS);
        world.simulator.shows(&others);
        let report = world.fsck().await;
        assert_eq!(report.broken(), ["simulator"], "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_nothing_is_told() {
    let world = World::new().await;
    let mut config = world.config();
    config.simulator.as_mut().unwrap().key = "sk_test_other".to_owned().into();
    let error = fsck::run(&config, &fsck::run::Options::default(), |_| {})
        .await
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("the payment simulator can't be asked"),
        "{error:#}"
    );
}

/// Real cards are charged: there is nothing to compare with, and that is said.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_simulator_the_rest_is_looked_at() {
    let world = World::new().await;
    let mut config = world.config();
    config.simulator = None;
    let report = fsck::run(&config, &fsck::run::Options::default(), |_| {})
        .await
        .unwrap();
    assert!(report.is_clean(), "{report}");
    let told = report.to_string();
    assert!(
        told.contains("34 of 34 invariants hold; simulator was left out"),
        "{told}"
    );
}
