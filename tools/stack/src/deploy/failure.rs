//! Tells why a task failed, while Nomad still knows.

use std::fmt::Write;

use anyhow::Error;

use crate::{nomad::Allocation, stack::Stack, task_logs};

const SHOWN_LINES: usize = 15;

/// One line that names the task and its log, then the end of what it wrote.
pub(super) async fn report(stack: &Stack, job: &str, allocation: &Allocation, task: &str) -> Error {
    let state = allocation
        .tasks()
        .find(|(name, _)| *name == task)
        .map(|(_, state)| state);
    let trouble = state
        .and_then(|state| state.trouble())
        .unwrap_or("it ended");
    let message = format!("job {job}: task {task} failed ({trouble})");
    with_log(message, stack, job, allocation, task).await
}

/// One line that tells the outcome of a rollout, then the end of what an instance of it wrote.
pub(super) async fn rollout(
    stack: &Stack,
    job: &str,
    outcome: &str,
    allocations: &[&Allocation],
) -> Error {
    let message = format!("the rollout of job {job} failed {outcome}");
    match culprit(job, allocations) {
        Some((allocation, task)) => with_log(message, stack, job, allocation, task).await,
        None => Error::msg(message),
    }
}

/// The task that failed; else the main one, which runs and does not become healthy.
fn culprit<'a>(job: &'a str, allocations: &[&'a Allocation]) -> Option<(&'a Allocation, &'a str)> {
    let mut tasks = allocations
        .iter()
        .flat_map(|allocation| allocation.tasks().map(move |task| (*allocation, task)));
    let failed = tasks.find(|(_, (_, state))| state.failed);
    failed
        .map(|(allocation, (task, _))| (allocation, task))
        .or_else(|| allocations.first().map(|allocation| (*allocation, job)))
}

async fn with_log(
    mut message: String,
    stack: &Stack,
    job: &str,
    allocation: &Allocation,
    task: &str,
) -> Error {
    // Programs complain on stderr; ours log to stdout.
    if let Some(log) = task_logs::keep(stack, job, allocation, task).await.first() {
        let _ = write!(message, "; log: {}", log.file.display());
        for line in tail(&log.text) {
            let _ = write!(message, "\n    {line}");
        }
    }
    Error::msg(message)
}

fn tail(text: &str) -> Vec<&str> {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].to_vec()
}
