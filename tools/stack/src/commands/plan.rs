//! `plan-production`: would Nomad take the job files as production has them?

use std::{
    ffi::OsStr,
    io,
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{
    jobs,
    services::{SIMULATOR, production_jobs},
    stack::Stack,
    terminal,
    tools::Tools,
};

/// What `nomad job plan` answers when it can't plan; 0 and 1 tell whether anything would change.
const REFUSED: i32 = 255;

/// Plans every job on the running agent, with production's variables. Nothing is changed. The payment
/// simulator must be refused with them.
///
/// # Errors
/// Names the jobs that Nomad refuses, or says that it would run the simulator.
pub async fn run(stack: &Stack, vars: &OsStr) -> Result<()> {
    let tools = Tools::find(&stack.checkout)?;
    stack.require_running().await?;
    let mut refused = Vec::new();
    for job in production_jobs() {
        terminal::answer(format_args!("— {job}, as production runs it"));
        let mut plan = plan(stack, &tools, vars);
        if !is_accepted(plan.arg(jobs::file(job)).status().await)? {
            refused.push(job);
        }
    }
    ensure!(refused.is_empty(), "Nomad refuses: {}", refused.join(", "));
    let mut simulator = plan(stack, &tools, vars);
    // What the job asks for beside production's variables is not why it is refused.
    for unset in ["command", "simulator_data", "webhook_url"] {
        simulator.arg(format!("-var={unset}=x"));
    }
    simulator
        .arg("-var=simulator_port=1")
        .arg(jobs::file(SIMULATOR.name));
    simulator.stdout(Stdio::null()).stderr(Stdio::null());
    ensure!(
        !is_accepted(simulator.status().await)?,
        "with these variables Nomad would run {}, and nobody would be charged",
        SIMULATOR.name
    );
    terminal::answer(format_args!("{} is refused, as it must be", SIMULATOR.name));
    Ok(())
}

/// Without the job's file, which comes after all flags.
fn plan(stack: &Stack, tools: &Tools, vars: &OsStr) -> Command {
    let mut var_file = OsStr::new("-var-file=").to_owned();
    var_file.push(vars);
    let mut command = Command::new(&tools.nomad);
    command
        .args(["job", "plan", "-hcl2-strict=false"])
        .arg(format!("-address={}", stack.nomad.url()))
        .arg(var_file)
        .current_dir(&stack.checkout);
    command
}

fn is_accepted(planned: io::Result<ExitStatus>) -> Result<bool> {
    let status = planned.context("nomad can't be started")?;
    Ok(matches!(status.code(), Some(0..REFUSED)))
}
