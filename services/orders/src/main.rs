//! The orders service: `orders serve`, `orders migrate`, `orders resync`, `orders dlq`.

use clap::{Parser, Subcommand};
use orders::{SERVICE, app::Application, config, resync, store::MIGRATIONS};
use ticketing_messaging::command::{self, DeadLetters};
use ticketing_postgres::migrate;
use ticketing_runtime::{Allocator, telemetry::Telemetry};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[derive(Parser)]
#[command(about = "Orders and stock. Settings come from the environment.")]
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
    /// Publishes what there is of each ticket, and every open order, once more.
    Resync,
    /// What could not be handled.
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
        Command::Dlq(what) => command::run(what, &config.database).await,
        Command::Resync => resync::run(&config.database).await,
        Command::Serve | Command::Migrate => {
            let run = migrate::up(
                &config.database,
                ticketing_messaging::migrations(MIGRATIONS),
            );
            run.await
                .map(|run| tracing::info!(migrations = ?run, "the schema is up to date"))
        }
    };
    telemetry.flush();
    outcome
}
