//! The part of Nomad's HTTP API that a stack uses.

mod model;

use std::time::Duration;

use anyhow::{Context, Result, bail};
pub use model::{Allocation, Deployment, Evaluation, Job, TaskState};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::variables::Items;

/// One that is stopped or wedged accepts connections and never answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Longer than any task's kill_timeout and shutdown_delay together.
const RESTARTS_WITHIN: Duration = Duration::from_secs(45);

/// A Nomad agent's API.
#[derive(Clone, Debug)]
pub struct Nomad {
    client: Client,
    base: String,
}

impl Nomad {
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

    /// Whether it can place jobs: a leader, and a node that is ready and has found Consul.
    pub async fn is_ready(&self) -> bool {
        let ready = async {
            let nodes: Vec<Value> = self.get("/v1/nodes").await?;
            let id = nodes
                .first()
                .and_then(|node| node["ID"].as_str())
                .context("no node")?;
            let node: Value = self.get(&format!("/v1/node/{id}")).await?;
            anyhow::Ok(
                node["Status"] == "ready" && node["Attributes"]["consul.version"].is_string(),
            )
        };
        ready.await.unwrap_or(false)
    }

    /// Registers a job; the answer is its evaluation.
    ///
    /// # Errors
    /// When Nomad refuses it.
    pub async fn register(&self, job: &Value) -> Result<String> {
        let request = self
            .request(Method::POST, "/v1/jobs")
            .json(&json!({ "Job": job }));
        let answer: Value = accepted(request.send().await?).await?.json().await?;
        Ok(answer["EvalID"].as_str().unwrap_or_default().to_owned())
    }

    /// A job that is known to Nomad.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn job(&self, job: &str) -> Result<Option<Job>> {
        self.find(&format!("/v1/job/{job}")).await
    }

    /// What the scheduler made of a registration.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn evaluation(&self, id: &str) -> Result<Evaluation> {
        self.get(&format!("/v1/evaluation/{id}")).await
    }

    /// The job's latest deployment.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn deployment(&self, job: &str) -> Result<Option<Deployment>> {
        self.get(&format!("/v1/job/{job}/deployment")).await
    }

    /// The job's allocations, those that have ended as well.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn allocations(&self, job: &str) -> Result<Vec<Allocation>> {
        self.get(&format!("/v1/job/{job}/allocations")).await
    }

    /// Asks for a job's end. Nomad still knows it then, so that its allocations can be watched.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn stop(&self, job: &str) -> Result<()> {
        let request = self.request(Method::DELETE, &format!("/v1/job/{job}"));
        accepted(request.send().await?).await.map(drop)
    }

    /// Restarts the tasks of an allocation that are running.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn restart(&self, allocation: &str) -> Result<()> {
        let path = format!("/v1/client/allocation/{allocation}/restart");
        let request = self.request(Method::PUT, &path).json(&json!({}));
        // It answers when the tasks have ended.
        let request = request.timeout(RESTARTS_WITHIN);
        accepted(request.send().await?).await.map(drop)
    }

    /// A part of a task's output; `follow` keeps the answer open for what comes. Only a bounded
    /// part has to come soon: who reads everything may read slowly.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn output(&self, source: &Output<'_>, follow: bool) -> Result<Response> {
        let Output {
            allocation,
            task,
            stream,
            last_bytes,
        } = source;
        let origin = match last_bytes {
            Some(bytes) => format!("origin=end&offset={bytes}"),
            None => "origin=start".to_owned(),
        };
        let path = format!(
            "/v1/client/fs/logs/{allocation}?task={task}&type={stream}&plain=true&follow={follow}&{origin}"
        );
        let request = if last_bytes.is_some() && !follow {
            self.request(Method::GET, &path)
        } else {
            self.client.get(format!("{}{path}", self.base))
        };
        accepted(request.send().await?).await
    }

    /// Writes the Variable of a job, unless it is there already: each write restarts the tasks
    /// that read it. Answers whether it was written.
    ///
    /// # Errors
    /// When Nomad does not answer.
    pub async fn put_variable(&self, job: &str, items: &Items) -> Result<bool> {
        let path = format!("/v1/var/nomad/jobs/{job}");
        let known: Option<Value> = self.find(&path).await?;
        if known.is_some_and(|known| known["Items"] == json!(items)) {
            return Ok(false);
        }
        let body = json!({ "Path": format!("nomad/jobs/{job}"), "Items": items });
        accepted(self.request(Method::PUT, &path).json(&body).send().await?).await?;
        Ok(true)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .timeout(ANSWERS_WITHIN)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let response = accepted(self.request(Method::GET, path).send().await?).await?;
        response
            .json()
            .await
            .with_context(|| format!("Nomad's answer to {path}"))
    }

    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let response = self.request(Method::GET, path).send().await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(accepted(response).await?.json().await?))
    }
}

/// Which output is asked for.
#[derive(Debug)]
pub struct Output<'a> {
    /// The allocation's id.
    pub allocation: &'a str,
    /// The task's name.
    pub task: &'a str,
    /// `stdout` or `stderr`.
    pub stream: &'a str,
    /// Only this many bytes, from the end; everything otherwise.
    pub last_bytes: Option<u64>,
}

/// Nomad's reason is in the body.
async fn accepted(response: Response) -> Result<Response> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let reason = response.text().await.unwrap_or_default();
    bail!("Nomad answers {status}: {}", reason.trim())
}
