//! From a job file to a job: `nomad/NAME.nomad.hcl` with the values of this stack.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    ports::Port,
    secrets::Secrets,
    services::{self, SIMULATOR, with_database},
    stack::Stack,
    state::task_user,
    stripe::Payments,
    tools::Tools,
};

/// How many instances were asked for, by service.
pub type Scale = BTreeMap<String, u16>;

/// The file of a job, relative to the checkout.
#[must_use]
pub fn file(job: &str) -> PathBuf {
    PathBuf::from(format!("nomad/{job}.nomad.hcl"))
}

/// Renders a job's file with the values of this stack. `binary` is what a program of ours runs.
///
/// # Errors
/// When the file is wrong, in Nomad's words.
pub async fn render(
    stack: &Stack,
    tools: &Tools,
    job: &str,
    binary: Option<&Path>,
) -> Result<Value> {
    let mut values = stack_values(stack, tools)?;
    if payments(stack)?.are_simulated() {
        values.push(("simulator", stack.simulator()));
    }
    if let Some(binary) = binary {
        values.push(("command", binary.display().to_string()));
    }
    if let Some(count) = scale(stack)?.get(job) {
        values.push(("count", count.to_string()));
    }
    let mut command = Command::new(&tools.nomad);
    command
        .args([
            "job",
            "run",
            "-output",
            "-hcl2-strict=false",
            "-var-file=nomad/dev.vars.hcl",
        ])
        .args(
            values
                .iter()
                .map(|(name, value)| format!("-var={name}={value}")),
        )
        .arg(file(job))
        // Where file() in a job file looks.
        .current_dir(&stack.checkout)
        .kill_on_drop(true);
    let output = command.output().await.context("nomad can't be started")?;
    if !output.status.success() {
        bail!(
            "{} is wrong: {}",
            file(job).display(),
            reason(&output.stderr)
        );
    }
    let mut document: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("nomad's rendering of {}", file(job).display()))?;
    Ok(document["Job"].take())
}

/// What a file's variables are here, besides those in `nomad/dev.vars.hcl`. A job ignores those
/// that it does not declare. No secret is among them: arguments can be seen by others.
fn stack_values(stack: &Stack, tools: &Tools) -> Result<Vec<(&'static str, String)>> {
    let port = |port| stack.ports.get(port).to_string();
    let path = |path: &Path| path.display().to_string();
    let schemas: Vec<_> = with_database().map(|service| service.name).collect();
    let mut values = vec![
        ("services", serde_json::to_string(&schemas)?),
        (
            "consul_address",
            format!("127.0.0.1:{}", port(Port::ConsulHttp)),
        ),
        ("postgres_bin", path(&tools.postgres_bin)),
        ("postgres_data", path(&stack.state.data("postgres"))),
        ("postgres_port", port(Port::Postgres)),
        ("redis_command", path(&tools.redis_server)),
        ("redis_data", path(&stack.state.data("redis"))),
        ("redis_port", port(Port::Redis)),
        ("traefik_command", path(&tools.traefik)),
        ("traefik_web_port", port(Port::TraefikWeb)),
        ("traefik_admin_port", port(Port::TraefikAdmin)),
        ("simulator_data", path(&stack.state.data(SIMULATOR.name))),
        ("simulator_port", port(Port::StripeSim)),
        (
            "webhook_url",
            format!("{}/api/payments/webhook", stack.url()),
        ),
        ("public_url", stack.url()),
        ("postgres_user", String::new()),
        ("redis_user", String::new()),
    ];
    if let Some(user) = task_user("postgres")? {
        values.push(("postgres_user", user.name));
    }
    if let Some(user) = task_user("redis")? {
        values.push(("redis_user", user.name));
        values.push(("redis_uid", user.uid.to_string()));
    }
    Ok(values)
}

/// Who takes this stack's payments: the last start has decided it.
///
/// # Errors
/// When there are no secrets yet, or they can't be read.
pub fn payments(stack: &Stack) -> Result<Payments> {
    let secrets = Secrets::load(&stack.state.secrets())?.context("there are no secrets")?;
    Ok(secrets.payments())
}

/// Every job of this stack, in the order of starting.
///
/// # Errors
/// When there are no secrets yet, or they can't be read.
pub fn of_stack(stack: &Stack) -> Result<impl Iterator<Item = &'static str> + use<>> {
    Ok(services::jobs(payments(stack)?))
}

/// The numbers of instances that were asked for.
///
/// # Errors
/// When the file can't be read.
pub fn scale(stack: &Stack) -> Result<Scale> {
    let file = stack.state.scale();
    match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged: remove it", file.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Scale::new()),
        Err(error) => Err(error).with_context(|| format!("can't read {}", file.display())),
    }
}

/// Remembers a number of instances for every later deployment.
///
/// # Errors
/// When it can't be written.
pub fn set_scale(stack: &Stack, service: &str, count: u16) -> Result<()> {
    let mut scale = scale(stack)?;
    scale.insert(service.to_owned(), count);
    let file = stack.state.scale();
    fs::write(&file, serde_json::to_vec(&scale)?)
        .with_context(|| format!("can't write {}", file.display()))
}

/// Nomad lists the values that the file does not declare even when they are not what is wrong.
fn reason(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let telling: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains("Undefined ") && !line.ends_with(':'))
        .collect();
    if telling.is_empty() {
        text.trim().to_owned()
    } else {
        telling.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_is_told() {
        let stderr = b"Error getting job struct: Error parsing job file from x.nomad.hcl:\n\
            <nil>: Undefined variable; A \"canary\" variable was set but was not found\n\
            x.nomad.hcl:158,23-28: Error in function call; no file exists at a.sh.\n";
        assert_eq!(
            reason(stderr),
            "x.nomad.hcl:158,23-28: Error in function call; no file exists at a.sh."
        );
    }
}
