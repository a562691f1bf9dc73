//! The tickets service: `tickets serve`, `tickets migrate`, `tickets resync`, `tickets dlq`.

use clap::{Parser, Subcommand};
use ticketing_messaging::command::{self, DeadLetters};
use ticketing_postgres::migrate;
use ticketing_runtime::{Allocator, telemetry::Telemetry};
use tickets::{SERVICE, app::Application, config, resync, store};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[derive(Parser)]
#[command(about = "What sellers put up. Settings come from the environment.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers requests until SIGTERM.
    Serve,
    /// Brings the schema up to date, as its owner.
    Migrate,
    /// Publishes every ticket once more.
    Resync,
    /// Shows events that could not be handled, or has them tried again.
    #[command(subcommand)]
    Dlq(DeadLetters),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let command = Arguments::parse().command;
    if let Command::Serve = command {
        let config = config::Serve::from_env()?;
        let telemetry = Telemetry::install(SERVICE, &config.telemetry)?;
        let outcome = Application::run(config).await;
        telemetry.flush();
        return outcome;
    }
    let config = config::Task::from_env()?;
    let telemetry = Telemetry::install(SERVICE, &config.telemetry)?;
    let outcome = match command {
        Command::Serve | Command::Migrate => {
            let run = migrate::up(&config.database, store::migrations()).await;
            run.map(|run| tracing::info!(migrations = ?run, "the schema is up to date"))
        }
        Command::Resync => resync::run(&config.database).await,
        Command::Dlq(what) => command::run(what, &config.database).await,
    };
    telemetry.flush();
    outcome
}
