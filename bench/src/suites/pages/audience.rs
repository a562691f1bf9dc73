//! Thousands of browsers at one instance that are told of the same change.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use ticketing_contracts::ids::TicketId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

use crate::load::{answer, request};

/// Between two changes: a stock is told of twice a second at most.
const APART: Duration = Duration::from_millis(1_500);

/// A browser that is not told by then ends the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Browsers that come at once.
const AT_ONCE: usize = 200;

/// Beside the connections, files that are open.
const OTHER_FILES: u64 = 200;

/// Who listens, to what.
pub struct Audience {
    /// `host:port` of the instance.
    pub web: String,
    /// Of its admin port.
    pub admin: String,
    /// Of an instance of orders.
    pub orders: String,
    /// Who changes the stock, once each.
    pub buyers: Vec<String>,
    /// What each browser shows; the first one's stock changes.
    pub tickets: Vec<TicketId>,
    pub browsers: usize,
}

/// What came of it.
pub struct Heard {
    /// The instance's memory without anybody …
    pub before_mb: f64,
    /// … and when all had listened for a while.
    pub memory_mb: f64,
    /// From the order on, in milliseconds, of all browsers in all rounds.
    late: Histogram<u64>,
}

impl Heard {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    pub fn lateness(&self, quantile: f64) -> f64 {
        self.late.value_at_quantile(quantile) as f64
    }
}

impl Audience {
    /// Lets all of them come, changes the stock once per buyer, and notes when each browser is told.
    pub async fn hears(&self) -> anyhow::Result<Heard> {
        allow_files(self.browsers)?;
        let before_mb = self.memory_mb().await?;
        let (told, mut arrivals) = mpsc::unbounded_channel();
        let browsers = stream::iter((0..self.browsers).map(|_| self.listen()))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut tasks = JoinSet::new();
        for browser in browsers {
            tasks.spawn(browser.hear(told.clone()));
        }
        let mut late = Histogram::new(3)?;
        for buyer in &self.buyers {
            tokio::time::sleep(APART).await;
            let ordered = Instant::now();
            self.order(buyer).await?;
            for _ in 0..self.browsers {
                let arrival = timeout(PATIENCE, arrivals.recv()).await;
                let arrival = arrival.context("a browser was not told")?;
                let arrival = arrival.context("all browsers have gone")?;
                late.record(u64::try_from((arrival - ordered).as_millis())?)?;
            }
        }
        let memory_mb = self.memory_mb().await?;
        if let Some(gone) = tasks.try_join_next() {
            gone??;
        }
        Ok(Heard {
            before_mb,
            memory_mb,
            late,
        })
    }

    /// A browser, once it is told where it is.
    async fn listen(&self) -> anyhow::Result<Browser> {
        let tickets: Vec<_> = self.tickets.iter().map(ToString::to_string).collect();
        let path = format!("/live?tickets={}", tickets.join(","));
        let accept = [("Accept", "text/event-stream"), ("Accept-Language", "en")];
        let mut stream = TcpStream::connect(&self.web).await?;
        stream
            .write_all(&request("GET", &path, &accept, ""))
            .await?;
        let mut browser = Browser {
            stream,
            unread: Vec::new(),
            event: format!("event: stock-{}\n", self.tickets[0]).into_bytes(),
        };
        browser.comes_to(b"\nid: ").await?;
        ensure!(
            browser.unread.starts_with(b"HTTP/1.1 200"),
            "a browser may not listen: {}",
            String::from_utf8_lossy(&browser.unread)
        );
        browser.unread.clear();
        Ok(browser)
    }

    async fn order(&self, buyer: &str) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(&self.orders).await?;
        let body = json!({"ticketId": self.tickets[0]}).to_string();
        let order = request("POST", "/api/orders", &[("Authorization", buyer)], &body);
        stream.write_all(&order).await?;
        let status = answer(&mut stream, &mut Vec::new()).await?;
        ensure!(status == 201, "an order was answered {status}");
        Ok(())
    }

    /// What the instance occupies, by its own account.
    async fn memory_mb(&self) -> anyhow::Result<f64> {
        let url = format!("http://{}/metrics", self.admin);
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()?;
        let metrics = client.get(url).send().await?.text().await?;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        let bytes: f64 = line.context("it does not tell its memory")?.parse()?;
        Ok(bytes / 1e6)
    }
}

/// One that listens.
struct Browser {
    stream: TcpStream,
    unread: Vec<u8>,
    event: Vec<u8>,
}

impl Browser {
    /// Notes when it is told, for ever.
    async fn hear(mut self, told: mpsc::UnboundedSender<Instant>) -> anyhow::Result<()> {
        let event = self.event.clone();
        loop {
            self.comes_to(&event).await?;
            told.send(Instant::now())?;
            let end = find(&self.unread, &event).map_or(0, |at| at + event.len());
            self.unread.drain(..end);
        }
    }

    async fn comes_to(&mut self, what: &[u8]) -> anyhow::Result<()> {
        while find(&self.unread, what).is_none() {
            let read = self.stream.read_buf(&mut self.unread).await?;
            ensure!(read > 0, "a browser was sent away");
        }
        Ok(())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Each browser is an open file of ours as well.
fn allow_files(browsers: usize) -> anyhow::Result<()> {
    let needed = u64::try_from(browsers)? + OTHER_FILES;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(
        hard >= needed,
        "this process may open {hard} files, {needed} are needed"
    );
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(())
}
