//! One stack: where it lives, which ports it has, and how to talk to it.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    agents::{self, Agents},
    consul::Consul,
    nomad::Nomad,
    ports::{self, Port, Ports},
    state::State,
};

/// A stack of this checkout, running or not.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The root of the checkout.
    pub checkout: PathBuf,
    /// Its folder on disk.
    pub state: State,
    /// Its ports.
    pub ports: Ports,
    /// Its Consul agent.
    pub consul: Consul,
    /// Its Nomad agent.
    pub nomad: Nomad,
}

impl Stack {
    /// The stack of the checkout that holds the current folder.
    ///
    /// # Errors
    /// Outside a checkout, or when `ports.env` is wrong.
    pub fn of_checkout() -> Result<Self> {
        let checkout = checkout()?;
        let file = checkout.join(ports::FILE);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("can't read {}", file.display()))?;
        let ports = Ports::parse(&text, |name| env::var_os(name)?.into_string().ok())?;
        let state = State::locate(&checkout)?;
        Self::new(checkout, state, ports)
    }

    /// A stack of the same checkout on free ports, with a state folder of its own.
    ///
    /// # Errors
    /// When no ports are free.
    pub fn throwaway() -> Result<Self> {
        let checkout = checkout()?;
        let ports = Ports::choose_free()?;
        let id = format!("{}-{}", std::process::id(), ports.get(Port::TraefikWeb));
        let state = State::throwaway(&checkout, &id)?;
        Self::new(checkout, state, ports)
    }

    /// The agents that run for it.
    #[must_use]
    pub fn agents(&self) -> Agents {
        Agents::recorded(&self.state)
    }

    /// Where a client finds the platform.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.get(Port::TraefikWeb))
    }

    /// Where the payment simulator is, when there is one.
    #[must_use]
    pub fn simulator(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.get(Port::StripeSim))
    }

    /// Checks that it runs.
    ///
    /// # Errors
    /// When it does not.
    pub async fn require_running(&self) -> Result<()> {
        if self.agents().are_complete() && self.nomad.is_ready().await {
            return Ok(());
        }
        anyhow::bail!("the stack is not running; `just up` starts it")
    }

    /// Starts both agents and waits until they are ready.
    ///
    /// # Errors
    /// When one does not start; its log is named.
    pub async fn start_agents(&self, tools: &crate::tools::Tools) -> Result<()> {
        agents::start(self, tools).await
    }

    fn new(checkout: PathBuf, state: State, ports: Ports) -> Result<Self> {
        // Both agents are local: a proxy from the environment would be in the way.
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .connect_timeout(Duration::from_secs(2))
            .build()?;
        let consul = Consul::new(client.clone(), ports.get(Port::ConsulHttp));
        let nomad = Nomad::new(client, ports.get(Port::NomadHttp));
        Ok(Self {
            checkout,
            state,
            ports,
            consul,
            nomad,
        })
    }
}

/// The nearest folder upward that has a ports file.
fn checkout() -> Result<PathBuf> {
    let here = env::current_dir()?;
    here.ancestors()
        .find(|folder| folder.join(ports::FILE).is_file())
        .map(Path::to_owned)
        .with_context(|| {
            format!(
                "{} is not within a checkout of the platform",
                here.display()
            )
        })
}
