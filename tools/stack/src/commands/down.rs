//! `down` and `reset`: ends what was started, and only that.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;

use crate::{
    leftovers,
    progress::step,
    services::{ENGINES, SERVICES, SIMULATOR},
    stack::Stack,
    terminal,
};

/// Longer than any task's kill_timeout and shutdown_delay together.
const STOPPED_WITHIN: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(100);

/// Ends the stack; its data stays.
///
/// # Errors
/// When something can't be ended.
pub async fn run(stack: &Stack) -> Result<()> {
    if !stack.state.root().exists() {
        terminal::answer("nothing is running");
        return Ok(());
    }
    let _lock = stack.state.lock().await?;
    end(stack).await?;
    terminal::answer("everything is ended; the data stays (`just reset` removes it)");
    Ok(())
}

/// Ends the stack and removes its state folder.
///
/// # Errors
/// When something can't be ended or removed.
pub async fn reset(stack: &Stack) -> Result<()> {
    let root = stack.state.root();
    if !root.exists() {
        terminal::answer(format_args!(
            "there is nothing to remove at {}",
            root.display()
        ));
        return Ok(());
    }
    let _lock = stack.state.lock().await?;
    end(stack).await?;
    stack.state.remove()?;
    terminal::answer(format_args!(
        "removed {} (databases, streams, secrets, logs)",
        root.display()
    ));
    Ok(())
}

/// Stops the jobs (services before what they stand on, so that all can finish their work), then
/// the agents, then whatever is left.
///
/// # Errors
/// When Nomad's data can't be removed.
pub async fn end(stack: &Stack) -> Result<()> {
    let agents = stack.agents();
    if agents.are_complete() && stack.nomad.is_ready().await {
        step("stop services", async {
            let services = SERVICES.iter().map(|service| service.name).collect();
            // What Nomad does not manage in time is left to `leftovers`.
            let _ = timeout(STOPPED_WITHIN, stop(stack, services)).await;
            Ok(())
        })
        .await?;
        step("stop what they stand on", async {
            let engines = ENGINES.into_iter().chain([SIMULATOR.name]).collect();
            let _ = timeout(STOPPED_WITHIN, stop(stack, engines)).await;
            Ok(())
        })
        .await?;
    }
    step("stop nomad, consul", async {
        agents.end(&stack.state).await;
        leftovers::clear(&stack.state).await
    })
    .await
}

/// Stops the payment simulator, if it runs.
///
/// # Errors
/// When Nomad does not answer.
pub async fn stop_simulator(stack: &Stack) -> Result<()> {
    let allocations = stack.nomad.allocations(SIMULATOR.name).await?;
    if allocations.iter().all(crate::nomad::Allocation::has_ended) {
        return Ok(());
    }
    step("stop stripe-sim", async {
        timeout(STOPPED_WITHIN, stop(stack, vec![SIMULATOR.name]))
            .await
            .context("stripe-sim does not end")
    })
    .await
}

/// Stops jobs at once and waits for all that Nomad answers for.
async fn stop(stack: &Stack, jobs: Vec<&'static str>) {
    let mut stopping = jobs;
    for job in &stopping {
        // One that was never registered is as well.
        let _ = stack.nomad.stop(job).await;
    }
    while !stopping.is_empty() {
        let mut left = Vec::new();
        for job in stopping {
            let Ok(allocations) = stack.nomad.allocations(job).await else {
                continue;
            };
            if !allocations.iter().all(crate::nomad::Allocation::has_ended) {
                left.push(job);
            }
        }
        stopping = left;
        tokio::time::sleep(POLL).await;
    }
}
