//! `rotate-session-key`: another key signs the sessions.

use anyhow::{Context, Result};

use crate::{
    deploy,
    progress::step,
    secrets::Secrets,
    services::{Need, SERVICES},
    stack::Stack,
    terminal, variables,
};

/// Puts a new key in front, or with `withdraw_old` drops all but the newest. Nomad restarts the
/// tasks that read them.
///
/// # Errors
/// When there are no secrets yet, or they can't be written.
pub async fn run(stack: &Stack, withdraw_old: bool) -> Result<()> {
    let _lock = stack.state.lock().await?;
    let file = stack.state.secrets();
    let mut secrets = Secrets::load(&file)?
        .context("there are no secrets yet; `just up` makes them on the first start")?;
    if withdraw_old {
        let withdrawn = secrets.withdraw_old_session_keys();
        terminal::answer(format_args!("withdrew {withdrawn} old session key(s)"));
    } else {
        secrets.rotate_session_key();
        terminal::answer(format_args!(
            "a new session key signs from now on; {} are accepted",
            secrets.session_keys.len()
        ));
    }
    secrets.save(&file)?;
    if stack.require_running().await.is_err() {
        terminal::answer("the stack is not running: its next start uses them");
        return Ok(());
    }
    for service in SERVICES
        .iter()
        .filter(|service| service.needs.contains(&Need::SessionKeys))
    {
        let Some(items) = variables::of_job(service.name, &secrets) else {
            continue;
        };
        let before = deploy::running(stack, service.name).await?;
        if stack.nomad.put_variable(service.name, &items).await? {
            step(
                service.name,
                deploy::restarted(stack, service.name, &before),
            )
            .await?;
        }
    }
    Ok(())
}
