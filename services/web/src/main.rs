//! The web service: `web serve`.

use clap::{Parser, Subcommand};
use ticketing_runtime::telemetry::Telemetry;
use web::{SERVICE, app::Application, config};

#[derive(Parser)]
#[command(about = "The pages that people use. Settings come from the environment.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers requests until SIGTERM.
    Serve,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command::Serve = Arguments::parse().command;
    let config = config::Serve::from_env()?;
    let telemetry = Telemetry::install(SERVICE, &config.telemetry)?;
    let outcome = Application::run(config).await;
    telemetry.flush();
    outcome
}
