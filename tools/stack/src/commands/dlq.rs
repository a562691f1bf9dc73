//! `dlq`: what each listening service's own `dlq` command says, called with its settings.

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use tokio::process::Command;

use super::scale::running_binary;
use crate::{
    ports::Port,
    secrets::Secrets,
    services::{Need, SERVICES, Service},
    stack::Stack,
    terminal,
};

/// What to do about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// Show one line for each, of all services
    List,
    /// Show all about one
    Show {
        /// The service that could not handle it
        service: String,
        /// As `list` shows it
        id: i64,
    },
    /// Let the service try again; what takes effect then is no dead letter any more
    Redrive {
        /// The service that could not handle it
        service: String,
        /// As `list` shows it
        #[arg(required_unless_present = "all")]
        id: Option<i64>,
        /// Every one of the service
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Does it.
///
/// # Errors
/// When the stack does not run, or the service's command fails.
pub async fn run(stack: &Stack, command: DeadLetters) -> Result<()> {
    stack.require_running().await?;
    match command {
        DeadLetters::List => {
            let listening: Vec<_> = SERVICES.iter().filter(|service| service.listens).collect();
            if listening.is_empty() {
                terminal::answer("no service listens to events");
            }
            for service in listening {
                call(stack, service, &["list".to_owned()]).await?;
            }
            Ok(())
        }
        DeadLetters::Show { service, id } => {
            let service = listening(&service)?;
            call(stack, service, &["show".to_owned(), id.to_string()]).await
        }
        DeadLetters::Redrive { service, id, .. } => {
            let which = id.map_or_else(|| "--all".to_owned(), |id| id.to_string());
            let service = listening(&service)?;
            call(stack, service, &["redrive".to_owned(), which]).await
        }
    }
}

fn listening(name: &str) -> Result<&'static Service> {
    let service = Service::named(name)?;
    ensure!(service.listens, "{name} does not listen to events");
    Ok(service)
}

/// The binary that runs now: it knows where it keeps them.
async fn call(stack: &Stack, service: &Service, arguments: &[String]) -> Result<()> {
    let binary = running_binary(stack, service.name).await?;
    let secrets = Secrets::load(&stack.state.secrets())?.context("there are no secrets")?;
    let status = Command::new(binary)
        .arg("dlq")
        .args(arguments)
        .envs(environment(stack, service, &secrets)?)
        .status()
        .await?;
    ensure!(status.success(), "{} dlq failed", service.name);
    Ok(())
}

/// How the service reaches what it needs.
fn environment(
    stack: &Stack,
    service: &Service,
    secrets: &Secrets,
) -> Result<Vec<(&'static str, String)>> {
    let port = |port| stack.ports.get(port);
    let mut environment = Vec::new();
    if service.needs.contains(&Need::Database) {
        let passwords = secrets.roles.get(service.name);
        let passwords = passwords.context("the service has no database role")?;
        environment.extend([
            ("DATABASE_HOST", "127.0.0.1".to_owned()),
            ("DATABASE_PORT", port(Port::Postgres).to_string()),
            ("DATABASE_USER", format!("{}_app", service.name)),
            ("DATABASE_PASSWORD", passwords.app.clone()),
        ]);
    }
    if service.needs.contains(&Need::Redis) {
        let url = format!("redis://127.0.0.1:{}", port(Port::Redis));
        environment.extend([
            ("REDIS_URL", url),
            ("REDIS_PASSWORD", secrets.redis_password.clone()),
        ]);
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_does_not_listen_is_named() {
        let error = listening("auth").expect_err("it hears nothing").to_string();
        assert_eq!(error, "auth does not listen to events");
        assert!(listening("auht").is_err());
    }
}
