//! The payment simulator: `stripe-sim serve`.

use clap::{Parser, Subcommand};
use stripe_sim::{app::Application, config::Serve};
use ticketing_runtime::telemetry::Telemetry;

#[derive(Parser)]
#[command(about = "Stripe's API for development and tests. Settings come from the environment.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers requests until SIGTERM. No card is charged.
    Serve,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve => {
            let config = Serve::from_env()?;
            let telemetry = Telemetry::install("stripe-sim", &config.telemetry)?;
            let outcome = Application::run(config).await;
            telemetry.flush();
            outcome
        }
    }
}
