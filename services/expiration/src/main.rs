//! The expiration service: `expiration serve`, `expiration dlq`.

use clap::{Parser, Subcommand};
use expiration::{SERVICE, app::Application, config, dlq};
use ticketing_messaging::command::DeadLetters;
use ticketing_runtime::{Allocator, telemetry::Telemetry};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[derive(Parser)]
#[command(about = "Makes holds end promptly. Settings come from the environment.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Listens and publishes until SIGTERM.
    Serve,
    /// Events that could not be handled.
    #[command(subcommand)]
    Dlq(DeadLetters),
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
        Command::Dlq(what) => dlq::run(what, config::redis_from_env()?).await,
    }
}
