//! A Consul agent.

use std::process::Command;

use crate::engine::{Engine, folder, free_port, run};

/// A Consul agent in dev mode: one server, state in memory, loopback only.
#[derive(Debug)]
pub struct Consul {
    /// The process.
    pub engine: Engine,
    port: u16,
}

impl Consul {
    /// Starts an agent on free ports. The `consul` binary must be on the PATH.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start() -> anyhow::Result<Self> {
        let (port, folder) = (free_port()?, folder(None)?);
        let text = format!(
            "consul agent -dev -bind=127.0.0.1 -client=127.0.0.1 -http-port={port} -dns-port=-1 \
             -grpc-port=-1 -grpc-tls-port=-1 -server-port={} -serf-lan-port={} -serf-wan-port=-1 \
             -log-level=warn",
            free_port()?,
            free_port()?
        );
        let command: Vec<_> = text.split_whitespace().map(ToOwned::to_owned).collect();
        Ok(Self {
            engine: Engine::start(&command, port, folder, None)?,
            port,
        })
    }

    /// `http://host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Registers an instance whose check has the given status (`passing`, `warning`, `critical`).
    ///
    /// # Errors
    /// When Consul refuses.
    pub fn register(&self, service: &str, port: u16, status: &str) -> anyhow::Result<()> {
        let body = format!(
            r#"{{"ID": "{service}-{port}", "Name": "{service}", "Address": "127.0.0.1", "Port": {port},
                "Check": {{"CheckID": "{service}-{port}", "TTL": "1h", "Status": "{status}"}}}}"#
        );
        self.put("agent/service/register", &body)
    }

    /// Sets the status of an instance's check.
    ///
    /// # Errors
    /// When Consul refuses.
    pub fn set_status(&self, service: &str, port: u16, status: &str) -> anyhow::Result<()> {
        let body = format!(r#"{{"Status": "{status}"}}"#);
        self.put(&format!("agent/check/update/{service}-{port}"), &body)
    }

    fn put(&self, path: &str, body: &str) -> anyhow::Result<()> {
        let url = format!("{}/v1/{path}", self.address());
        // The agent listens a moment before it has elected itself.
        let curl = [
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--retry",
            "50",
        ];
        let retry = [
            "--retry-delay",
            "1",
            "--retry-all-errors",
            "--max-time",
            "30",
        ];
        run(Command::new("curl")
            .args(curl)
            .args(retry)
            .args(["-X", "PUT", "--data", body, &url]))?;
        Ok(())
    }
}
