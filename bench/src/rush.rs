//! Many clients at once, each with a session and requests of its own: closed loop (the next request when
//! the last is answered) or open loop (at the times when they are due, however long the others take).

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::load::answer;

/// An answer that takes longer ends the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to send where.
#[derive(Clone)]
pub struct Rush {
    /// `host:port`.
    pub address: String,
    /// Each connection goes through them from a place of its own on.
    pub requests: Arc<Vec<Vec<u8>>>,
    /// Connections, each with one request in flight.
    pub connections: usize,
    /// How long it is measured, after a tenth of that to warm up.
    pub duration: Duration,
    /// So many are due each second; `None`: as many as there can be.
    pub offered: Option<u32>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Answers per second within the measured time, of any status.
    pub per_second: f64,
    /// Milliseconds: in a closed loop from sending on, in an open one from when it was due.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// All answers, those of the warm-up as well, by status.
    pub statuses: BTreeMap<u16, u64>,
}

impl Outcome {
    /// Answers of this status.
    pub fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
struct Times {
    begin: Instant,
    warm: Instant,
    end: Instant,
}

struct Seen {
    latencies: Histogram<u64>,
    statuses: BTreeMap<u16, u64>,
}

/// Runs it.
pub async fn run(rush: &Rush) -> anyhow::Result<Outcome> {
    let begin = Instant::now();
    let warm = begin + rush.duration / 10;
    let times = Times {
        begin,
        warm,
        end: warm + rush.duration,
    };
    let mut tasks = JoinSet::new();
    for number in 0..rush.connections {
        tasks.spawn(one_connection(rush.clone(), number, times));
    }
    let mut latencies = Histogram::<u64>::new(3)?;
    let mut statuses = BTreeMap::new();
    while let Some(seen) = tasks.join_next().await {
        let seen = seen??;
        latencies.add(seen.latencies)?;
        for (status, count) in seen.statuses {
            *statuses.entry(status).or_insert(0) += count;
        }
    }
    let ms = |quantile| {
        let micros = latencies.value_at_quantile(quantile);
        Duration::from_micros(micros).as_secs_f64() * 1e3
    };
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let per_second = latencies.len() as f64 / rush.duration.as_secs_f64();
    Ok(Outcome {
        per_second,
        p50_ms: ms(0.5),
        p95_ms: ms(0.95),
        p99_ms: ms(0.99),
        statuses,
    })
}

async fn one_connection(rush: Rush, number: usize, times: Times) -> anyhow::Result<Seen> {
    let mut seen = Seen {
        latencies: Histogram::new(3)?,
        statuses: BTreeMap::new(),
    };
    let mut stream = TcpStream::connect(&rush.address)
        .await
        .context(rush.address)?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    let count = rush.requests.len();
    for turn in 0.. {
        let due = match rush.offered {
            None => Instant::now(),
            Some(per_second) => {
                // Every so many-th is this connection's.
                let place = u32::try_from(number + turn * rush.connections)?;
                times.begin + Duration::from_secs(1) * place / per_second
            }
        };
        if due >= times.end {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let request = &rush.requests[(number * count / rush.connections + turn) % count];
        tokio::io::AsyncWriteExt::write_all(&mut stream, request).await?;
        let status = timeout(PATIENCE, answer(&mut stream, &mut buffer)).await;
        let status = status.context("there was no answer")??;
        let answered = Instant::now();
        *seen.statuses.entry(status).or_insert(0) += 1;
        if due >= times.warm && answered < times.end {
            let micros = u64::try_from((answered - due).as_micros())?;
            seen.latencies.record(micros)?;
        }
    }
    Ok(seen)
}
