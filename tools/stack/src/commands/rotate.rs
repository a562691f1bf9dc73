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

/// Makes a new key sign, or with `withdraw_old` drops all but the one that signs. Nomad restarts
/// the tasks that read them.
///
/// # Errors
/// When there are no secrets yet, they can't be written, or a service does not come back with them.
pub async fn run(stack: &Stack, withdraw_old: bool) -> Result<()> {
    let _lock = stack.state.lock().await?;
    let mut secrets = Secrets::load(&stack.state.secrets())?
        .context("there are no secrets yet; `just up` makes them on the first start")?;
    let is_running = stack.require_running().await.is_ok();
    if withdraw_old {
        let withdrawn = secrets.withdraw_old_session_keys();
        hand_out(stack, &secrets, is_running).await?;
        terminal::answer(format_args!("withdrew {withdrawn} old session key(s)"));
    } else {
        // Instances restart one by one: those that still wait for it must accept what the others
        // sign. Whatever happens in between, the list is one to serve with.
        secrets.add_session_key();
        hand_out(stack, &secrets, is_running).await?;
        secrets.sign_with_added_session_key();
        hand_out(stack, &secrets, is_running).await?;
        terminal::answer(format_args!(
            "a new session key signs from now on; {} are accepted",
            secrets.session_keys.len()
        ));
    }
    if !is_running {
        terminal::answer("the stack is not running: its next start uses them");
    }
    Ok(())
}

/// Keeps the keys, and waits until every instance has them.
async fn hand_out(stack: &Stack, secrets: &Secrets, is_running: bool) -> Result<()> {
    secrets.save(&stack.state.secrets())?;
    if !is_running {
        return Ok(());
    }
    for service in SERVICES
        .iter()
        .filter(|service| service.needs.contains(&Need::SessionKeys))
    {
        let Some(items) = variables::of_job(service.name, secrets) else {
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
