//! The loads that a pipeline is put under.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use ticketing_messaging::connection::RedisSettings;
use tokio::task::JoinSet;

use super::pipeline::Pipeline;

/// Publishers in the sustained run.
const PUBLISHERS: u64 = 2;
/// So many may be under way before publishers wait: the run is as fast as its slowest part.
const UNDER_WAY: u64 = 20_000;
/// The offered load of the second part.
pub const PER_SECOND: u64 = 2_000;

/// Each event is handled before the next is appended, after a pause.
pub async fn one_by_one(pipeline: &Pipeline, count: u64) -> anyhow::Result<(f64, f64)> {
    let figures = &pipeline.figures;
    // The first finds nothing warm.
    pipeline.append(1).await?;
    figures.reach(1).await;
    figures.forget_delays();
    for _ in 0..count {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let before = figures.handled();
        pipeline.append(1).await?;
        figures.reach(before + 1).await;
    }
    Ok((figures.percentile_ms(50.0), figures.percentile_ms(99.0)))
}

/// Single events, each in a transaction of its own, at the times when they are due, however long the
/// others take.
pub async fn open_loop(pipeline: &Arc<Pipeline>, seconds: u64) -> anyhow::Result<(f64, f64)> {
    let figures = &pipeline.figures;
    figures.forget_delays();
    let before = figures.handled();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PER_SECOND)?);
    let mut appends = JoinSet::new();
    for _ in 0..PER_SECOND * seconds {
        ticks.tick().await;
        let pipeline = Arc::clone(pipeline);
        appends.spawn(async move { pipeline.append(1).await });
        while let Some(done) = appends.try_join_next() {
            done??;
        }
    }
    while let Some(done) = appends.join_next().await {
        done??;
    }
    figures.reach(before + PER_SECOND * seconds).await;
    Ok((figures.percentile_ms(50.0), figures.percentile_ms(99.0)))
}

/// A section of a sustained run.
pub struct Part {
    /// So many rows were in the outbox when it began.
    pub from: u64,
    pub per_second: f64,
    pub process_mb: f64,
    pub redis_mb: f64,
}

/// As fast as it goes, in `parts` sections.
pub async fn sustained(
    pipeline: &Arc<Pipeline>,
    redis: &RedisSettings,
    events: u64,
    batch: usize,
    parts: u64,
) -> anyhow::Result<Vec<Part>> {
    let figures = &pipeline.figures;
    let before = figures.handled();
    let appended = Arc::new(AtomicU64::new(before));
    let mut publishers = JoinSet::new();
    let end = before + events;
    for _ in 0..PUBLISHERS {
        let (pipeline, appended) = (Arc::clone(pipeline), Arc::clone(&appended));
        publishers.spawn(async move {
            let mut own = 0;
            while appended.fetch_add(batch as u64, Ordering::Relaxed) < end {
                while appended.load(Ordering::Relaxed) > pipeline.figures.handled() + UNDER_WAY {
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                pipeline.append(batch).await?;
                own += batch as u64;
            }
            anyhow::Ok(own)
        });
    }
    let mut measured = Vec::new();
    let step = events / parts;
    for part in 1..=parts {
        let (started, from) = (Instant::now(), figures.handled());
        figures.reach(before + step * part).await;
        let handled = figures.handled() - from;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let per_second = handled as f64 / started.elapsed().as_secs_f64();
        measured.push(Part {
            from,
            per_second,
            process_mb: process_mb()?,
            redis_mb: redis_mb(redis).await?,
        });
    }
    let mut all = before;
    while let Some(own) = publishers.join_next().await {
        all += own??;
    }
    // What goes beyond `events` is not the next run's.
    figures.reach(all).await;
    Ok(measured)
}

fn process_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmRSS")?
        .parse()?;
    Ok(kib / 1024.0)
}

pub async fn redis_mb(redis: &RedisSettings) -> anyhow::Result<f64> {
    let mut connection = redis.connect().await?;
    let info: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(&mut connection)
        .await?;
    let bytes: f64 = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .context("no used_memory")?
        .trim()
        .parse()?;
    Ok(bytes / 1024.0 / 1024.0)
}
