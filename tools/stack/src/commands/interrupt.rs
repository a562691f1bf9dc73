//! Ctrl-C, SIGTERM and a closed terminal.

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// Waits until the user, or the system, wants this command to end.
///
/// # Errors
/// When signals can't be received.
pub async fn received() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

/// Does the work, unless it is interrupted first.
///
/// # Errors
/// The work's own, or that it was interrupted.
pub async fn unless_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        signal = received() => {
            signal?;
            bail!("interrupted")
        }
    }
}
