//! A million deadlines in Redis: what they weigh, and how late they fire.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use hdrhistogram::Histogram;
use redis::aio::MultiplexedConnection;
use serde_json::json;
use ticketing_contracts::{
    events::{Event, ExpirationEvent},
    ids::OrderId,
};
use ticketing_messaging::{
    connection::RedisSettings,
    schedule::{Deadline, Schedule, pause},
};
use ticketing_runtime::Clock;
use ticketing_testkit::Redis;
use tokio_util::sync::CancellationToken;

use super::events::{redis_mb, rewrite_as_production_does};
use crate::table::Table;

/// How much to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Deadlines in all.
    #[arg(long, default_value_t = 1_000_000)]
    deadlines: u64,
    /// So many of them fall due each second …
    #[arg(long, default_value_t = 5_000)]
    per_second: u64,
    /// … for so many seconds; the others are far ahead.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// At once to Redis.
const PAGE: usize = 1_000;
/// The most that one script takes, so that it blocks Redis for milliseconds.
const LIMIT: usize = 500;

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let server = Redis::durable()?;
    let redis = RedisSettings {
        url: server.url(),
        password: None,
        prefix: String::new(),
    };
    rewrite_as_production_does(&redis).await?;
    let clock = Clock::system();
    let schedule = Schedule {
        key: "expirations:deadlines".into(),
        stream: "expirations".into(),
        kind: "expiration:complete",
        fields: ["orderId", "releaseAt"],
    };
    let mut connection = redis.connect().await?;
    let empty = redis_mb(&redis).await?;
    let due = options.per_second * options.seconds;
    let far = clock.now() + TimeDelta::days(1);
    let filling = std::time::Instant::now();
    add(
        &schedule,
        &mut connection,
        &clock,
        options.deadlines.saturating_sub(due),
        |n| far + TimeDelta::milliseconds(n),
    )
    .await?;
    let first = clock.now() + TimeDelta::seconds(3);
    let every = 1_000_000 / i64::try_from(options.per_second.max(1))?;
    add(&schedule, &mut connection, &clock, due, |n| {
        first + TimeDelta::milliseconds(n * every / 1_000)
    })
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let added_per_s = options.deadlines as f64 / filling.elapsed().as_secs_f64();
    let mb = redis_mb(&redis).await? - empty;

    let stop = CancellationToken::new();
    let taker = tokio::spawn(take(
        schedule.clone(),
        redis.connect().await?,
        clock.clone(),
        stop.clone(),
    ));
    let lateness = listen(&redis, &schedule.stream, &clock, due).await?;
    stop.cancel();
    taker.await??;

    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    let late = |percentile| lateness.value_at_percentile(percentile) as f64;
    let mut table = Table::new(["", ""]);
    table.row(["deadlines".into(), options.deadlines.to_string()]);
    table.row(["added per second".into(), format!("{added_per_s:.0}")]);
    table.row(["Redis MB".into(), format!("{mb:.0}")]);
    table.row(["due per second".into(), options.per_second.to_string()]);
    for (name, percentile) in [
        ("late p50 ms", 50.0),
        ("late p99 ms", 99.0),
        ("late max ms", 100.0),
    ] {
        table.row([name.into(), format!("{:.0}", late(percentile))]);
    }
    table.print(&json!({
        "bench": "expiry",
        "deadlines": options.deadlines,
        "redis_mb": mb.round(),
        "late_p50_ms": late(50.0),
        "late_p99_ms": late(99.0),
    }));
    Ok(())
}

async fn add(
    schedule: &Schedule,
    connection: &mut MultiplexedConnection,
    clock: &Clock,
    count: u64,
    at: impl Fn(i64) -> DateTime<Utc>,
) -> anyhow::Result<()> {
    let numbers: Vec<i64> = (0..i64::try_from(count)?).collect();
    for page in numbers.chunks(PAGE) {
        let now = clock.now();
        let deadline = |n: &i64| Deadline {
            id: OrderId::new(now).0,
            at: at(*n),
        };
        let deadlines: Vec<_> = page.iter().map(deadline).collect();
        schedule.add(connection, &deadlines).await?;
    }
    Ok(())
}

/// As the expiration service does it.
async fn take(
    schedule: Schedule,
    mut connection: MultiplexedConnection,
    clock: Clock,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let found = schedule
            .publish_due(&mut connection, clock.now(), LIMIT)
            .await?;
        let sleep = pause(clock.now(), found.next, Duration::from_secs(1));
        tokio::time::sleep(sleep).await;
    }
    Ok(())
}

/// Reads the stream until `count` have come; milliseconds between deadline and arrival.
async fn listen(
    redis: &RedisSettings,
    stream: &str,
    clock: &Clock,
    count: u64,
) -> anyhow::Result<Histogram<u64>> {
    type Entries = Vec<(String, std::collections::BTreeMap<String, String>)>;
    let block = Duration::from_secs(5);
    let mut connection = redis.connect_patiently(block).await?;
    let mut lateness = Histogram::new(3)?;
    let mut last = "0".to_owned();
    while lateness.len() < count {
        let read: Option<Vec<(String, Entries)>> = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(PAGE)
            .arg("BLOCK")
            .arg(u64::try_from(block.as_millis())?)
            .arg("STREAMS")
            .arg(stream)
            .arg(&last)
            .query_async(&mut connection)
            .await?;
        let now = clock.now();
        for (id, fields) in read.into_iter().flatten().flat_map(|(_, entries)| entries) {
            let ExpirationEvent::Complete(complete) =
                ExpirationEvent::decode(&fields["type"], &fields["data"])?;
            let late = (now - complete.release_at).num_milliseconds();
            anyhow::ensure!(late >= 0, "a deadline fired {late} ms early");
            lateness.record(late.unsigned_abs())?;
            last = id;
        }
    }
    Ok(lateness)
}
