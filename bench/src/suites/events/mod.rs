//! Messaging: from the outbox's append to the committed effect, with Postgres and Redis set up as the
//! platform's jobs are, everything on this machine.

mod loads;
mod pipeline;

use std::{
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::json;
use things::{GROUP, MIGRATIONS, ThingEvent};
use ticketing_messaging::{
    connection::RedisSettings,
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    migrations,
    relay::Relay,
};
use ticketing_postgres::{Pool, migrate};
use ticketing_runtime::Clock;
use ticketing_testkit::{Postgres, Redis};
use tokio_util::sync::CancellationToken;

use crate::table::Table;
pub use loads::redis_mb;
use loads::{PER_SECOND, Part, one_by_one, open_loop, sustained};
use pipeline::{Figures, Note, Pipeline, Timed};

/// How much to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Events in the sustained run: its first tenth and its last are compared.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(100_000..=20_000_000))]
    events: u64,
    /// Events per transaction in the sustained run.
    #[arg(long, default_value_t = 500)]
    batch: usize,
    /// Seconds of 2,000 single events a second.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Events that are sent one by one to an idle relay.
    #[arg(long, default_value_t = 1_000)]
    singles: u64,
}

/// Events of a probe: what one costs with as many rows in the outbox as there are.
const PROBE: u64 = 50_000;

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    ensure!(options.batch > 0, "--batch must be at least 1");
    let postgres = Postgres::durable()?;
    let redis = Redis::durable()?;
    let database = postgres.schema("bench")?;
    migrate::up(&database.owner(), migrations(MIGRATIONS)).await?;
    let mut settings = database.app();
    settings.connections = 24;
    let redis = RedisSettings {
        url: redis.url(),
        password: None,
        prefix: String::new(),
    };
    let (pool, clock) = (Pool::new(&settings)?, Clock::system());
    let figures = Arc::new(Figures {
        began: Instant::now(),
        handled: AtomicU64::new(0),
        delays: Mutex::new(Histogram::new(3)?),
    });
    // Nothing reads without a group here: what is acknowledged may go.
    let relay =
        Relay::new::<ThingEvent>(settings, redis.clone(), clock.clone()).keep(Duration::ZERO);
    let pipeline = Arc::new(Pipeline {
        pool: pool.clone(),
        wake: relay.wake(),
        clock: clock.clone(),
        figures: Arc::clone(&figures),
    });
    let timed = Timed {
        inbox: Inbox::new(pool.clone(), GROUP, Note),
        figures,
    };
    let consumer = Consumer::new(
        redis.clone(),
        ConsumerSettings::new(GROUP, "bench"),
        clock,
        timed,
    );
    let stop = CancellationToken::new();
    let running = [
        tokio::spawn(relay.run(pool, stop.clone())),
        tokio::spawn(consumer.run(stop.clone())),
    ];

    rewrite_as_production_does(&redis).await?;

    let singles = one_by_one(&pipeline, options.singles).await?;
    let mut parts = sustained(&pipeline, &redis, PROBE, options.batch, 1).await?;
    let offered = open_loop(&pipeline, options.seconds).await?;
    parts.extend(sustained(&pipeline, &redis, PROBE, options.batch, 1).await?);
    parts.extend(sustained(&pipeline, &redis, options.events, options.batch, 10).await?);
    parts.extend(sustained(&pipeline, &redis, PROBE, options.batch, 1).await?);
    report(options.batch, singles, offered, &parts)?;
    stop.cancel();
    for task in running {
        task.await?;
    }
    Ok(())
}

/// The test's Redis never rewrites its AOF; production's does whenever it has doubled.
pub async fn rewrite_as_production_does(redis: &RedisSettings) -> anyhow::Result<()> {
    redis::cmd("CONFIG")
        .arg(&["SET", "auto-aof-rewrite-percentage", "100"])
        .query_async::<()>(&mut redis.connect().await?)
        .await?;
    Ok(())
}

fn report(
    batch: usize,
    singles: (f64, f64),
    offered: (f64, f64),
    parts: &[Part],
) -> anyhow::Result<()> {
    let mut table = Table::new(["", "events/s", "p50 ms", "p99 ms", "process MB", "Redis MB"]);
    let latency = |(p50, p99): (f64, f64)| [format!("{p50:.2}"), format!("{p99:.2}")];
    let [p50, p99] = latency(singles);
    table.row(["one by one, idle".into(), String::new(), p50, p99]);
    let [p50, p99] = latency(offered);
    table.row([
        "single events, offered".into(),
        PER_SECOND.to_string(),
        p50,
        p99,
    ]);
    for part in parts {
        table.row([
            format!("batches of {batch}, from {} rows on", part.from),
            format!("{:.0}", part.per_second),
            String::new(),
            String::new(),
            format!("{:.0}", part.process_mb),
            format!("{:.0}", part.redis_mb),
        ]);
    }
    let first = parts.first().context("no part was measured")?;
    let last = parts.last().context("no part was measured")?;
    table.print(&json!({
        "bench": "events",
        "idle_p99_ms": singles.1,
        "at_2000_p99_ms": offered.1,
        "events_per_s": parts.iter().map(|part| part.per_second).fold(f64::INFINITY, f64::min).round(),
        "rows_first": first.from,
        "rows_last": last.from,
        "last_to_first": last.per_second / first.per_second,
        "process_mb_first": first.process_mb,
        "process_mb_last": last.process_mb,
        "redis_mb_first": first.redis_mb,
        "redis_mb_last": last.redis_mb,
    }));
    Ok(())
}
