//! `dev`: everything, for as long as this command runs.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{
    down, interrupt,
    up::{self, Before},
};
use crate::{build::Profile, stack::Stack, terminal};

/// Starts everything, waits for Ctrl-C and ends it. A stack that runs already is brought up to
/// date and left to whoever started it.
///
/// # Errors
/// Names what failed; nothing that this call started is left running.
pub async fn run(stack: &Stack, profile: Profile) -> Result<()> {
    let started = Instant::now();
    let before = up::bring_up_with_offers(stack, profile).await?;
    up::tell_where(stack, started)?;
    if before == Before::Running {
        terminal::answer("it was running already; `just down` ends it");
        return Ok(());
    }
    terminal::answer("Ctrl-C ends it");
    tokio::select! {
        signal = interrupt::received() => signal?,
        ended = agents_end(stack) => return ended,
    }
    down::run(stack).await
}

/// Waits until the agents are gone, which is as it should be when `down` was called elsewhere.
async fn agents_end(stack: &Stack) -> Result<()> {
    while stack.agents().are_complete() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // Whoever ends them holds the lock until nothing is left.
    let lock = stack.state.lock().await?;
    if stack.state.pid("consul").exists() {
        drop(lock);
        down::run(stack).await?;
        bail!("an agent died; see {}", stack.state.logs().display());
    }
    terminal::answer("the stack was ended");
    Ok(())
}
