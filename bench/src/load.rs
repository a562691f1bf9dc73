//! A closed loop over kept-alive connections: each sends its next request when the last is answered.
//!
//! Requests are bytes made once and answers are parsed only as far as needed, because the generator
//! shares the cores with what it measures.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// An answer that takes longer ends the run.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to send where, and for how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// `host:port`.
    pub address: String,
    /// The request, head and body.
    pub request: Vec<u8>,
    /// Connections, each with one request in flight.
    pub connections: usize,
    /// How long it is measured, after a tenth of that to warm up.
    pub duration: Duration,
    /// The status that counts as success. Any other ends the run.
    pub expected: u16,
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Answers per second.
    pub per_second: f64,
    /// Half of the answers came within this, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 came within this, in milliseconds.
    pub p99_ms: f64,
}

/// A request's bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        let length = body.len();
        head.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {length}\r\n"
        ));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Runs the load.
pub async fn run(load: &Load) -> anyhow::Result<Figures> {
    let warm = Instant::now() + load.duration / 10;
    let end = warm + load.duration;
    let mut tasks = JoinSet::new();
    for _ in 0..load.connections {
        tasks.spawn(one_connection(load.clone(), warm, end));
    }
    let mut all = Histogram::<u64>::new(3)?;
    while let Some(latencies) = tasks.join_next().await {
        all.add(latencies??)?;
    }
    let ms = |quantile| Duration::from_micros(all.value_at_quantile(quantile)).as_secs_f64() * 1e3;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let per_second = all.len() as f64 / load.duration.as_secs_f64();
    Ok(Figures {
        per_second,
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
    })
}

async fn one_connection(load: Load, warm: Instant, end: Instant) -> anyhow::Result<Histogram<u64>> {
    let mut latencies = Histogram::<u64>::new(3)?;
    let mut stream = TcpStream::connect(&load.address)
        .await
        .context(load.address)?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let started = Instant::now();
        if started >= end {
            return Ok(latencies);
        }
        stream.write_all(&load.request).await?;
        let status = timeout(PATIENCE, answer(&mut stream, &mut buffer)).await;
        let status = status.context("there was no answer")??;
        ensure!(
            status == load.expected,
            "the answer was {status}, not {}",
            load.expected
        );
        let answered = Instant::now();
        // By when it was answered alone: what was under way at the beginning stands for what is at
        // the end, and without it a slow request's rate would be told too low.
        if answered >= warm && answered < end {
            latencies.record(u64::try_from((answered - started).as_micros())?)?;
        }
    }
}

/// Reads one answer with a Content-Length and returns its status.
pub async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    Ok(whole_answer(stream, buffer).await?.0)
}

/// The same with the body, which lies in `buffer`.
pub async fn whole_answer<'a>(
    stream: &mut TcpStream,
    buffer: &'a mut Vec<u8>,
) -> anyhow::Result<(u16, &'a [u8])> {
    buffer.clear();
    loop {
        ensure!(
            stream.read_buf(buffer).await? > 0,
            "the connection was closed"
        );
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(body) = head.parse(buffer)? else {
            continue;
        };
        let status = head.code.context("the answer has no status")?;
        let length = head
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case("content-length"));
        let Some(length) = length else {
            bail!("the answer has no Content-Length")
        };
        let length: usize = std::str::from_utf8(length.value)?.parse()?;
        while buffer.len() < body + length {
            ensure!(
                stream.read_buf(buffer).await? > 0,
                "the connection was closed"
            );
        }
        return Ok((status, &buffer[body..body + length]));
    }
}
