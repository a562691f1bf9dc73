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
    let mut message = format!("job {job}: task {task} failed ({trouble})");
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
