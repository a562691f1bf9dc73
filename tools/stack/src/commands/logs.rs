//! `logs`: what a job's instances write.

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use super::interrupt;
use crate::{
    nomad::{Allocation, Output},
    services,
    stack::Stack,
    terminal,
};

/// Shows the output of every running instance; when none runs, of the one that ended last.
///
/// # Errors
/// When the stack or the job is not there.
pub async fn run(stack: &Stack, job: &str, follow: bool) -> Result<()> {
    let job = services::job_named(job)?;
    stack.require_running().await?;
    let all = stack.nomad.allocations(job).await?;
    let mut shown: Vec<_> = all
        .iter()
        .filter(|allocation| allocation.is_running())
        .collect();
    if shown.is_empty() {
        shown.extend(all.first());
    }
    if shown.is_empty() {
        bail!("job {job} has never run");
    }
    let prefixed = shown.len() > 1;
    let mut readers = JoinSet::new();
    for allocation in shown {
        for task in tasks_of_interest(allocation, job, follow) {
            for stream in ["stdout", "stderr"] {
                let reader = Reader {
                    stack: stack.clone(),
                    allocation: allocation.id.clone(),
                    task: task.clone(),
                    stream,
                    prefix: if prefixed {
                        format!("{} ", allocation.short_id())
                    } else {
                        String::new()
                    },
                };
                if follow {
                    readers.spawn(async move { reader.copy(true).await });
                } else {
                    reader.copy(false).await?;
                }
            }
        }
    }
    let following = async {
        while let Some(ended) = readers.join_next().await {
            ended??;
        }
        Ok(())
    };
    tokio::select! {
        done = following => done,
        signal = interrupt::received() => signal,
    }
}

/// Tasks that have ended have nothing more to say to who follows.
fn tasks_of_interest(allocation: &Allocation, job: &str, follow: bool) -> Vec<String> {
    let mut tasks: Vec<_> = allocation
        .tasks()
        .filter(|(_, task)| !follow || task.state == "running")
        .map(|(name, _)| name.to_owned())
        .collect();
    // The main task comes last, like its start.
    tasks.sort_by_key(|name| name == job);
    tasks
}

struct Reader {
    stack: Stack,
    allocation: String,
    task: String,
    stream: &'static str,
    prefix: String,
}

impl Reader {
    async fn copy(&self, follow: bool) -> Result<()> {
        let output = Output {
            allocation: &self.allocation,
            task: &self.task,
            stream: self.stream,
            last_bytes: follow.then_some(4096),
        };
        let mut response = self
            .stack
            .nomad
            .output(&output, follow)
            .await
            .with_context(|| format!("no output of task {}", self.task))?;
        let mut pending = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            pending.extend_from_slice(&chunk);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                self.show(&line);
            }
        }
        if !pending.is_empty() {
            self.show(&pending);
        }
        Ok(())
    }

    fn show(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        terminal::answer(format_args!("{}{}", self.prefix, line.trim_end()));
    }
}
