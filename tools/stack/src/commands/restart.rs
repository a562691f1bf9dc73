//! `restart`: the newest build of a service, in place of the one that runs.

use anyhow::{Result, ensure};

use super::{interrupt::unless_interrupted, up};
use crate::{
    build::{self, Profile},
    deploy, jobs,
    nomad::Allocation,
    progress::step,
    services::{self, Service},
    stack::Stack,
    tools::Tools,
};

/// Rebuilds and redeploys a service; where that changes nothing (an engine, say), restarts the
/// instances, one after another.
///
/// # Errors
/// Names what failed.
pub async fn run(stack: &Stack, job: &str, profile: Profile) -> Result<()> {
    let job = services::job_named(job)?;
    let tools = Tools::find(&stack.checkout)?;
    stack.require_running().await?;
    ensure!(
        jobs::of_stack(stack)?.any(|known| known == job),
        "{job} does not run: payments go to Stripe"
    );
    let _lock = stack.state.lock().await?;
    unless_interrupted(async {
        let before = version(stack, job).await?;
        match services::built_here(job) {
            Some(service) => rebuild(stack, &tools, service, profile).await?,
            None => up::deploy_job(stack, &tools, job, None).await?,
        }
        if version(stack, job).await? == before {
            restart_instances(stack, job).await?;
        }
        Ok(())
    })
    .await
}

/// Builds a service and deploys it.
///
/// # Errors
/// Names what failed.
pub async fn rebuild(
    stack: &Stack,
    tools: &Tools,
    service: &Service,
    profile: Profile,
) -> Result<()> {
    step("build", build::build(stack, &[service.package], profile)).await?;
    up::deploy_service(stack, tools, service, profile).await
}

async fn version(stack: &Stack, job: &str) -> Result<Option<u64>> {
    Ok(stack.nomad.job(job).await?.map(|job| job.version))
}

async fn restart_instances(stack: &Stack, job: &str) -> Result<()> {
    let allocations = stack.nomad.allocations(job).await?;
    for allocation in allocations
        .iter()
        .filter(|allocation| allocation.is_running())
    {
        let name = format!("restart {job} {}", allocation.short_id());
        step(&name, restart_instance(stack, job, allocation)).await?;
    }
    Ok(())
}

async fn restart_instance(stack: &Stack, job: &str, allocation: &Allocation) -> Result<()> {
    let before = deploy::running(stack, job).await?;
    let this = before
        .into_iter()
        .filter(|(id, _)| *id == allocation.id)
        .collect();
    stack.nomad.restart(&allocation.id).await?;
    deploy::restarted(stack, job, &this).await
}
