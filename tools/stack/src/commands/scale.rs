//! `scale`: more or fewer instances of a service.

use anyhow::{Context, Result};

use super::interrupt::unless_interrupted;
use crate::{deploy, jobs, progress::step, services::Service, stack::Stack, tools::Tools};

/// Runs `count` instances, now and after every later deployment.
///
/// # Errors
/// When the service is unknown, or does not become healthy.
pub async fn run(stack: &Stack, service: &str, count: u16) -> Result<()> {
    let service = Service::named(service)?;
    let tools = Tools::find(&stack.checkout)?;
    stack.require_running().await?;
    let _lock = stack.state.lock().await?;
    let binary = running_binary(stack, service.name).await?;
    jobs::set_scale(stack, service.name, count)?;
    unless_interrupted(step(&format!("{} × {count}", service.name), async {
        let job = jobs::render(stack, &tools, service.name, Some(binary.as_ref())).await?;
        deploy::deploy(stack, &job).await
    }))
    .await
}

/// What the instances that are deployed now run; scaling, say, is no deployment of a new build.
pub(super) async fn running_binary(stack: &Stack, service: &str) -> Result<String> {
    let job = stack.nomad.job(service).await?;
    job.as_ref()
        .and_then(|job| job.command(service))
        .map(str::to_owned)
        .with_context(|| format!("job {service} is not running; `just up` starts it"))
}
