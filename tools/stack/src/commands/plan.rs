//! `plan-production`: would Nomad take the job files as production has them?

use std::ffi::OsStr;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{jobs, services::all_jobs, stack::Stack, terminal, tools::Tools};

/// What `nomad job plan` answers when it can't plan; 0 and 1 tell whether anything would change.
const REFUSED: i32 = 255;

/// Plans every job on the running agent, with production's variables. Nothing is changed.
///
/// # Errors
/// Names the jobs that Nomad refuses.
pub async fn run(stack: &Stack, vars: &OsStr) -> Result<()> {
    let tools = Tools::find(&stack.checkout)?;
    stack.require_running().await?;
    let mut refused = Vec::new();
    for job in all_jobs() {
        terminal::answer(format_args!("— {job}, as production runs it"));
        let mut var_file = OsStr::new("-var-file=").to_owned();
        var_file.push(vars);
        let status = Command::new(&tools.nomad)
            .args(["job", "plan", "-hcl2-strict=false"])
            .arg(format!("-address={}", stack.nomad.url()))
            .arg(var_file)
            .arg(jobs::file(job))
            .current_dir(&stack.checkout)
            .status()
            .await
            .context("nomad can't be started")?;
        if !matches!(status.code(), Some(0..REFUSED)) {
            refused.push(job);
        }
    }
    ensure!(refused.is_empty(), "Nomad refuses: {}", refused.join(", "));
    Ok(())
}
