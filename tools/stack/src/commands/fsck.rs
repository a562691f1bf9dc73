//! `fsck`: proves, with the read-only role, that nothing is lost, oversold or stuck on this stack.

use std::{ffi::OsString, process::ExitCode};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::exec::exit_code;
use crate::{
    build::{self, Profile},
    ports::Port,
    secrets::Secrets,
    stack::Stack,
};

/// Builds `fsck` when its code changed and runs it; the exit code is its own.
///
/// # Errors
/// When the stack does not run, or `fsck` can't be built or started.
pub async fn run(stack: &Stack, profile: Profile, arguments: &[OsString]) -> Result<ExitCode> {
    stack.require_running().await?;
    let secrets = Secrets::load(&stack.state.secrets())?.context("there are no secrets")?;
    build::build(stack, &["fsck"], profile).await?;
    let port = |port| stack.ports.get(port);
    let mut fsck = Command::new(build::built(stack, "fsck", profile));
    if secrets.payments().are_simulated() {
        fsck.args(["--simulator", &stack.simulator()])
            .env("STRIPE_KEY", &secrets.payment_keys().secret);
    }
    let status = fsck
        .args(arguments)
        .env("DATABASE_HOST", "127.0.0.1")
        .env("DATABASE_PORT", port(Port::Postgres).to_string())
        .env("DATABASE_NAME", "ticketing")
        .env("DATABASE_USER", "ticketing_readonly")
        .env("DATABASE_PASSWORD", &secrets.readonly_password)
        .env(
            "REDIS_URL",
            format!("redis://127.0.0.1:{}", port(Port::Redis)),
        )
        .env("REDIS_PASSWORD", &secrets.redis_password)
        .status()
        .await
        .context("fsck can't be started")?;
    Ok(exit_code(status))
}
