//! The platform under measurement, as `stack exec` tells of it.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use stack::{secrets::Secrets, state::State};

/// Where it runs; set by `just bench`.
#[derive(Debug, Args)]
pub struct Stack {
    /// Traefik's URL.
    #[arg(long, env = "E2E_BASE_URL", hide = true)]
    base_url: String,
    /// Consul's URL.
    #[arg(long, env = "E2E_CONSUL", hide = true)]
    consul: String,
    /// The folder of its state.
    #[arg(long, env = "E2E_STATE", hide = true)]
    pub state: PathBuf,
    /// Postgres' port on this machine.
    #[arg(long, env = "E2E_POSTGRES_PORT", hide = true)]
    pub postgres_port: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instance {
    service_address: String,
    service_port: u16,
}

impl Stack {
    /// `host:port` of Traefik.
    pub fn traefik(&self) -> &str {
        self.base_url
            .trim_start_matches("http://")
            .trim_end_matches('/')
    }

    /// Its secrets: a load tool makes its sessions itself.
    pub fn secrets(&self) -> anyhow::Result<Secrets> {
        let file = State::at(self.state.clone()).secrets();
        Secrets::load(&file)?.context("the stack has no secrets")
    }

    /// `host:port` of an instance of `service`, past Traefik.
    pub async fn direct(&self, service: &str) -> anyhow::Result<String> {
        let url = format!("{}/v1/catalog/service/{service}", self.consul);
        let client = reqwest::Client::builder().tls_certs_only([]).build()?;
        let instances: Vec<Instance> = client.get(url).send().await?.json().await?;
        let instance = instances
            .first()
            .with_context(|| format!("{service} does not run"))?;
        Ok(format!(
            "{}:{}",
            instance.service_address, instance.service_port
        ))
    }
}
