//! Registers a job and waits until it is healthy, or tells why it is not.

mod failure;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    nomad::{Allocation, Job},
    services::registered_as,
    stack::Stack,
};

const POLL: Duration = Duration::from_millis(100);
const HEALTHY_WITHIN: Duration = Duration::from_secs(180);
/// A task that was started again this often while it is deployed will not come up by itself.
const RESTARTS: u64 = 3;

/// When the main task of each running instance was started.
pub type Running = BTreeMap<String, Option<String>>;

/// The instances of a job that run now.
///
/// # Errors
/// When Nomad does not answer.
pub async fn running(stack: &Stack, name: &str) -> Result<Running> {
    let allocations = stack.nomad.allocations(name).await?;
    let running = allocations.into_iter().filter(Allocation::is_running);
    Ok(running
        .map(|a| (a.id.clone(), a.started_at(name).map(str::to_owned)))
        .collect())
}

/// Waits until each of these instances was started again or replaced, and the job is healthy.
///
/// # Errors
/// Names the task that failed, with the end of its output.
pub async fn restarted(stack: &Stack, name: &str, before: &Running) -> Result<()> {
    let started = Instant::now();
    let version = version(stack, name).await?;
    loop {
        let now = running(stack, name).await?;
        if before
            .iter()
            .all(|(id, at)| now.get(id).is_none_or(|now| now != at))
        {
            return healthy(stack, name, version).await;
        }
        if started.elapsed() > HEALTHY_WITHIN {
            bail!(
                "job {name} was not restarted within {} s",
                HEALTHY_WITHIN.as_secs()
            );
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Registers the job, unchanged or not, and waits for it.
///
/// # Errors
/// Names the task that failed, with the end of its output.
pub async fn deploy(stack: &Stack, job: &Value) -> Result<()> {
    let name = job["ID"].as_str().context("a job without an id")?;
    let evaluation = stack
        .nomad
        .register(job)
        .await
        .with_context(|| format!("job {name}"))?;
    let version = version(stack, name).await?;
    placed(stack, name, &evaluation).await?;
    healthy(stack, name, version).await
}

async fn version(stack: &Stack, name: &str) -> Result<u64> {
    Ok(known(stack, name).await?.version)
}

async fn known(stack: &Stack, name: &str) -> Result<Job> {
    let job = stack.nomad.job(name).await?;
    job.with_context(|| format!("job {name} is gone"))
}

/// Waits until the scheduler has found a place for every instance.
async fn placed(stack: &Stack, name: &str, evaluation: &str) -> Result<()> {
    let started = Instant::now();
    loop {
        let evaluation = stack.nomad.evaluation(evaluation).await?;
        if let Some((_, unplaced)) = evaluation.unplaced.iter().flatten().next() {
            bail!("there is no place for job {name}: {}", unplaced.reasons());
        }
        match evaluation.status.as_str() {
            "complete" => return Ok(()),
            "failed" | "canceled" => bail!("job {name} can't be scheduled: see `just logs nomad`"),
            _ if started.elapsed() > HEALTHY_WITHIN => bail!("job {name} is not scheduled"),
            _ => tokio::time::sleep(POLL).await,
        }
    }
}

/// Waits until this version of the job is rolled out, all its instances run, and Consul finds them
/// healthy. A failed rollout can leave the job healthy too: Nomad registers the version before it
/// once more, as a new one.
async fn healthy(stack: &Stack, name: &str, version: u64) -> Result<()> {
    let started = Instant::now();
    let restarts_before: BTreeMap<_, _> = stack
        .nomad
        .allocations(name)
        .await?
        .iter()
        .map(|allocation| (allocation.id.clone(), allocation.restarts()))
        .collect();
    loop {
        let job = known(stack, name).await?;
        let allocations = stack.nomad.allocations(name).await?;
        let current: Vec<_> = allocations
            .iter()
            .filter(|a| a.job_version == version)
            .collect();
        if job.version != version {
            let outcome = "and Nomad went back to the version before";
            return Err(failure::rollout(stack, name, outcome, &current).await);
        }
        let failed = current.iter().find_map(|allocation| {
            let before = restarts_before
                .get(&allocation.id)
                .copied()
                .unwrap_or_default();
            failed_task(allocation, before)
        });
        if let Some((allocation, task)) = failed {
            return Err(failure::report(stack, name, allocation, task).await);
        }
        if rolled_out(stack, &job, name, &current).await? && all_run(&job, &current) {
            let passing = stack.consul.instances(&registered_as(name)).await?;
            if passing.iter().filter(|i| i.passing).count() >= job.desired()
                && passing.iter().all(|i| i.passing)
            {
                return Ok(());
            }
        }
        if started.elapsed() > HEALTHY_WITHIN {
            bail!(
                "job {name} was not healthy within {} s; see `just status` and `just logs {name}`",
                HEALTHY_WITHIN.as_secs()
            );
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn rolled_out(stack: &Stack, job: &Job, name: &str, current: &[&Allocation]) -> Result<bool> {
    let Some(deployment) = stack.nomad.deployment(name).await? else {
        return Ok(true);
    };
    // An older one: what changed since (a count to zero, say) needed none.
    if deployment.job_version != job.version {
        return Ok(deployment.status != "running");
    }
    match deployment.status.as_str() {
        "successful" => Ok(true),
        "failed" | "cancelled" => {
            let outcome = format!("({})", deployment.status_description);
            Err(failure::rollout(stack, name, &outcome, current).await)
        }
        _ => Ok(false),
    }
}

/// Every instance runs, and what must have run beside it (provision, say) has ended well.
fn all_run(job: &Job, current: &[&Allocation]) -> bool {
    let running = current.iter().filter(|allocation| allocation.is_running());
    let complete = running.filter(|allocation| {
        allocation
            .tasks()
            .all(|(_, task)| task.state == "running" || task.state == "dead")
    });
    complete.count() == job.desired()
}

/// A task that failed for good, or that is started again and again since this began.
fn failed_task(allocation: &Allocation, restarts_before: u64) -> Option<(&Allocation, &str)> {
    if allocation.desired_status != "run" {
        return None;
    }
    let keeps_ending = allocation.restarts().saturating_sub(restarts_before) >= RESTARTS;
    let failed = allocation.tasks().find(|(_, task)| {
        task.failed || (keeps_ending && task.state == "pending" && task.restarts > 0)
    });
    failed.map(|(name, _)| (allocation, name))
}
