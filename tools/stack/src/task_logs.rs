//! Keeps what the tasks wrote, before their allocations go with the stack.

use std::{fs, path::PathBuf};

use crate::{
    nomad::{Allocation, Output},
    services::all_jobs,
    stack::Stack,
    terminal,
};

/// How much of each output is kept, from its end.
const KEPT_BYTES: u64 = 256 * 1024;

/// One task's output, copied into the state folder's logs.
#[derive(Debug)]
pub struct Kept {
    /// Where it is now.
    pub file: PathBuf,
    /// What it says.
    pub text: String,
}

/// Copies the output of every task of every job; best effort, this is done when something failed.
pub async fn keep_all(stack: &Stack) {
    let mut kept = 0;
    for job in all_jobs() {
        let allocations = stack.nomad.allocations(job).await.unwrap_or_default();
        for allocation in &allocations {
            for (task, _) in allocation.tasks() {
                kept += keep(stack, job, allocation, task).await.len();
            }
        }
    }
    if kept > 0 {
        terminal::note(format_args!(
            "the tasks' output is kept: {}",
            stack.state.logs().display()
        ));
    }
}

/// Copies the output of one task, stderr first; what is empty is left out.
pub async fn keep(stack: &Stack, job: &str, allocation: &Allocation, task: &str) -> Vec<Kept> {
    let mut kept = Vec::new();
    for stream in ["stderr", "stdout"] {
        let output = Output {
            allocation: &allocation.id,
            task,
            stream,
            last_bytes: Some(KEPT_BYTES),
        };
        let Ok(response) = stack.nomad.output(&output, false).await else {
            continue;
        };
        let Ok(text) = response.text().await else {
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        let name = format!("{job}-{}-{task}.{stream}.log", allocation.short_id());
        let file = stack.state.logs().join(name);
        if fs::write(&file, &text).is_ok() {
            kept.push(Kept { file, text });
        }
    }
    kept
}
