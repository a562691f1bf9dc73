//! `exec`: a command beside a stack that lives only as long as the command does.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    process::{ExitCode, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::{Child, Command};

use super::{down, interrupt, up};
use crate::{build::Profile, ports::Port, stack::Stack, stripe, task_logs, terminal};

const CHILD_ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Starts the stack, runs the command, ends the stack. Its state folder is removed, unless
/// something failed; the exit code is the command's.
///
/// # Errors
/// When the stack or the command can't be started, or on an interrupt.
pub async fn run(stack: Stack, profile: Profile, command: &[OsString]) -> Result<ExitCode> {
    let outcome = with_stack(&stack, profile, command).await;
    if !matches!(outcome, Ok(status) if status.success()) {
        task_logs::keep_all(&stack).await;
    }
    let ended = down::end(&stack).await;
    if matches!(outcome, Ok(status) if status.success()) && ended.is_ok() {
        stack.state.remove()?;
    } else if stack.state.root().exists() {
        terminal::note(format_args!(
            "state and logs of the failed run are kept: {}",
            stack.state.root().display()
        ));
    }
    let status = outcome?;
    ended?;
    Ok(exit_code(status))
}

/// A command's exit code as ours, by the shell's convention for one that a signal ended.
pub(super) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

async fn with_stack(stack: &Stack, profile: Profile, command: &[OsString]) -> Result<ExitStatus> {
    let started = Instant::now();
    // Tests and benches count what the simulator has charged, whatever keys the user has.
    up::bring_up(stack, profile, None).await?;
    terminal::note(format_args!(
        "a stack of its own is ready after {:.1} s: {} (state: {})",
        started.elapsed().as_secs_f64(),
        stack.url(),
        stack.state.root().display()
    ));
    let (program, arguments) = command.split_first().context("no command")?;
    let mut child = Command::new(program);
    for setting in stripe::SETTINGS {
        // Nor does a `stack up` that the command calls find them.
        child.env_remove(setting);
    }
    let mut child = child
        .args(arguments)
        .envs(environment(stack))
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} can't be started", program.display()))?;
    tokio::select! {
        status = child.wait() => Ok(status?),
        signal = interrupt::received() => {
            signal?;
            end(&mut child).await;
            bail!("interrupted")
        }
    }
}

/// What tells the command where the stack is. With the ports and the state folder among it, a
/// `stack` that the command calls works on this stack too.
fn environment(stack: &Stack) -> Vec<(&'static str, OsString)> {
    let port = |port| OsString::from(stack.ports.get(port).to_string());
    let mut environment: Vec<(&'static str, OsString)> = vec![
        ("E2E_BASE_URL", stack.url().into()),
        ("E2E_CONSUL", stack.consul.url().into()),
        ("E2E_NOMAD", stack.nomad.url().into()),
        ("E2E_SIMULATOR", stack.simulator().into()),
        ("E2E_STATE", stack.state.root().into()),
        ("E2E_POSTGRES_PORT", port(Port::Postgres)),
        ("E2E_REDIS_PORT", port(Port::Redis)),
        (
            "E2E_TRAEFIK_ADMIN",
            format!("http://127.0.0.1:{}", stack.ports.get(Port::TraefikAdmin)).into(),
        ),
        ("TICKETING_STATE", stack.state.root().into()),
    ];
    for (setting, port) in stack.ports.settings() {
        environment.push((setting, port.to_string().into()));
    }
    environment
}

async fn end(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It may have ended by the same Ctrl-C.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    let _ = tokio::time::timeout(CHILD_ENDS_WITHIN, child.wait()).await;
    // Still there: `kill_on_drop` insists.
}
