//! The auth service: `auth serve`, `auth migrate`.

use auth::{SERVICE, app::Application, config, store::MIGRATIONS};
use clap::{Parser, Subcommand};
use ticketing_postgres::migrate;
use ticketing_runtime::{Allocator, telemetry::Telemetry};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[derive(Parser)]
#[command(about = "Users and sessions. Settings come from the environment.")]
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
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve => {
            let config = config::Serve::from_env()?;
            let telemetry = Telemetry::install(SERVICE, &config.telemetry)?;
            let outcome = Application::run(config).await;
            telemetry.flush();
            outcome
        }
        Command::Migrate => {
            let config = config::Migrate::from_env()?;
            let telemetry = Telemetry::install(SERVICE, &config.telemetry)?;
            let outcome = migrate::up(&config.database, MIGRATIONS).await;
            telemetry.flush();
            outcome.map(|run| tracing::info!(migrations = ?run, "the schema is up to date"))
        }
    }
}
