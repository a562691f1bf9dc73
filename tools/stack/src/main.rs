//! The `stack` command.

use std::process::ExitCode;

use clap::Parser;
use stack::{cli::Cli, terminal};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            terminal::note(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
