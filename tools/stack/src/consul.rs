//! The few questions that a stack asks its Consul agent.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;
use serde::{Deserialize, de::DeserializeOwned};

/// One that is stopped or wedged accepts connections and never answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A Consul agent's API.
#[derive(Clone, Debug)]
pub struct Consul {
    client: Client,
    base: String,
}

/// One check of one instance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    status: String,
}

/// One instance of a service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    service: Registration,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Registration {
    address: String,
    port: u16,
}

/// An instance in the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Instance {
    /// Where it listens, as `address:port`.
    pub address: String,
    /// Whether all its checks pass; a warning is not enough.
    pub passing: bool,
}

impl Consul {
    /// The agent that listens on this port of this machine.
    #[must_use]
    pub fn new(client: Client, port: u16) -> Self {
        Self {
            client,
            base: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Whether it answers and has a leader.
    pub async fn is_ready(&self) -> bool {
        let leader = self.get::<String>("/v1/status/leader").await;
        leader.is_ok_and(|leader| !leader.is_empty())
    }

    /// The instances of a service.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub async fn instances(&self, service: &str) -> Result<Vec<Instance>> {
        let entries: Vec<Entry> = self
            .get(&format!("/v1/health/service/{service}"))
            .await
            .context("Consul does not answer")?;
        Ok(entries.into_iter().map(Instance::from).collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> reqwest::Result<T> {
        let url = format!("{}{path}", self.base);
        let request = self.client.get(url).timeout(ANSWERS_WITHIN);
        request.send().await?.error_for_status()?.json().await
    }
}

impl From<Entry> for Instance {
    fn from(entry: Entry) -> Self {
        Self {
            address: format!("{}:{}", entry.service.address, entry.service.port),
            passing: entry.checks.iter().all(|check| check.status == "passing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_not_passing() {
        let entry: Entry = serde_json::from_str(
            r#"{"Node": {"Node": "local"}, "Service": {"Address": "127.0.0.1", "Port": 21001},
                "Checks": [{"Status": "passing"}, {"Status": "warning"}]}"#,
        )
        .expect("an entry");
        let expected = Instance {
            address: "127.0.0.1:21001".to_owned(),
            passing: false,
        };
        assert_eq!(Instance::from(entry), expected);
    }
}
