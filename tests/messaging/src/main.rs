//! The service as processes that a test can kill: `things relay`, `things listen`; and `things dlq`.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use things::{GROUP, ThingEvent, listener::Listener};
use ticketing_messaging::{
    command::{self, DeadLetters},
    connection::RedisSettings,
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    relay::Relay,
};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::{
    Clock, Settings,
    telemetry::{Telemetry, TelemetrySettings},
};
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Publishes the outbox.
    Relay {
        #[arg(long, default_value_t = 500)]
        batch: u16,
    },
    /// Handles what is published.
    Listen(Listen),
    /// What could not be handled.
    #[command(subcommand)]
    Dlq(DeadLetters),
}

#[derive(Args)]
struct Listen {
    #[arg(long)]
    consumer: String,
    #[arg(long, default_value_t = 500)]
    batch: usize,
    /// Milliseconds.
    #[arg(long, default_value_t = 30_000)]
    claim_after: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::from_env();
    let database = DatabaseSettings::read(&mut settings, "things");
    let telemetry = TelemetrySettings::read(&mut settings);
    let redis = RedisSettings {
        url: settings.required("REDIS_URL").unwrap_or_default(),
        password: None,
        prefix: settings
            .or("REDIS_PREFIX", String::new())
            .unwrap_or_default(),
    };
    let (database, telemetry) = settings.finish(|| Some((database?, telemetry?)))?;
    let _telemetry = Telemetry::install("things", &telemetry)?;
    let pool = Pool::new(&database)?;
    let never = CancellationToken::new();
    match arguments.command {
        Command::Relay { batch } => {
            Relay::new::<ThingEvent>(database, redis, Clock::system())
                .batch(batch)
                .run(pool, never)
                .await;
        }
        Command::Listen(listen) => {
            let settings = ConsumerSettings {
                batch: listen.batch,
                block: Duration::from_millis(100),
                claim_after: Duration::from_millis(listen.claim_after),
                ..ConsumerSettings::new(GROUP, listen.consumer)
            };
            let inbox = Inbox::new(pool, GROUP, Listener);
            Consumer::new(redis, settings, Clock::system(), inbox)
                .run(never)
                .await;
        }
        Command::Dlq(what) => command::run(what, &database).await?,
    }
    Ok(())
}
