//! `status`: every job at a glance.

use std::process::ExitCode;

use anyhow::Result;

use crate::{jobs, nomad::Allocation, services::registered_as, stack::Stack, terminal};

/// One line of the table.
struct Row {
    job: &'static str,
    desired: usize,
    running: usize,
    passing: usize,
    restarts: u64,
    since: String,
    addresses: String,
}

impl Row {
    fn is_healthy(&self) -> bool {
        self.running == self.desired && self.passing == self.desired
    }
}

/// Shows the table; the exit code is 1 when a job is not healthy or nothing runs.
///
/// # Errors
/// When the stack is not running.
pub async fn run(stack: &Stack) -> Result<ExitCode> {
    stack.require_running().await?;
    terminal::answer(format_args!(
        "{:<12} {:<9} {:<8} {:<9} {:<20} ADDRESS",
        "JOB", "RUNNING", "HEALTHY", "RESTARTS", "SINCE (UTC)"
    ));
    let mut healthy = true;
    for job in jobs::of_stack(stack)? {
        let row = row(stack, job).await?;
        healthy &= row.is_healthy();
        terminal::answer(format_args!(
            "{:<12} {:<9} {:<8} {:<9} {:<20} {}{}",
            row.job,
            format!("{}/{}", row.running, row.desired),
            row.passing,
            row.restarts,
            row.since,
            row.addresses,
            if row.is_healthy() {
                ""
            } else {
                "  ← not healthy"
            },
        ));
    }
    terminal::answer(format_args!("pages at {}", stack.url()));
    terminal::answer(jobs::payments(stack)?);
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn row(stack: &Stack, job: &'static str) -> Result<Row> {
    // A job that Nomad does not know should run once.
    let desired = stack.nomad.job(job).await?.map_or(1, |job| job.desired());
    let allocations = stack.nomad.allocations(job).await?;
    let running: Vec<_> = allocations.iter().filter(|a| a.is_running()).collect();
    let instances = stack.consul.instances(&registered_as(job)).await?;
    let addresses: Vec<_> = instances.iter().map(|i| i.address.as_str()).collect();
    Ok(Row {
        job,
        desired,
        running: running.len(),
        passing: instances.iter().filter(|instance| instance.passing).count(),
        restarts: running
            .iter()
            .map(|allocation| restarts(allocation, job))
            .sum(),
        since: running
            .iter()
            .filter_map(|a| started(a, job))
            .max()
            .unwrap_or_default(),
        addresses: addresses.join(" "),
    })
}

fn restarts(allocation: &Allocation, job: &str) -> u64 {
    allocation
        .tasks()
        .filter(|(name, _)| *name == job)
        .map(|(_, task)| task.restarts)
        .sum()
}

/// `2026-01-31T12:00:00.123Z` as `2026-01-31 12:00:00`.
fn started(allocation: &Allocation, job: &str) -> Option<String> {
    Some(allocation.started_at(job)?.get(..19)?.replace('T', " "))
}
