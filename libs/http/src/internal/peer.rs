//! Calling another service.

use std::time::Duration;

use actix_web::http::StatusCode;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use ticketing_runtime::{
    Settings,
    consul::{ResolveError, Resolver, Service},
    telemetry::trace::TraceContext,
};

use super::admin_service;
use crate::neighbours::{self, Refusal};

/// How long a neighbour may take. A human waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a service shows when it calls another.
#[derive(Debug, Clone)]
pub struct ServiceToken(SecretString);

impl ServiceToken {
    /// Reads `SERVICE_TOKEN`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        settings.secret("SERVICE_TOKEN").map(Self)
    }
}

/// Another service's internal routes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Peer {
    service: Service,
    token: ServiceToken,
    client: reqwest::Client,
}

/// A call had no answer that could be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PeerError {
    /// It refused, for this reason. Nothing was changed.
    #[error("refused with {status}: {message}")]
    Refused {
        /// 400 to 499.
        status: StatusCode,
        /// In words for a person.
        message: String,
    },
    /// It can't be found, did not answer, or failed. What it did is not known.
    #[error("{0}")]
    Unavailable(String),
}

impl From<ResolveError> for PeerError {
    fn from(error: ResolveError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<reqwest::Error> for PeerError {
    fn from(error: reqwest::Error) -> Self {
        // With what caused it: refused, closed, or too slow.
        Self::Unavailable(format!("{:#}", anyhow::Error::from(error)))
    }
}

impl Peer {
    /// The service called `name`.
    #[must_use]
    pub fn new(resolver: &Resolver, name: &str, token: ServiceToken) -> Self {
        Self {
            service: resolver.service(&admin_service(name)),
            token,
            client: neighbours::client(PATIENCE),
        }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When it is not answered with 2xx and the form that is expected.
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, PeerError> {
        let answer = self.call(Method::GET, path, None::<&()>).await?;
        Ok(answer.json().await?)
    }

    /// `POST path` with a body, for an answer with one.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn ask<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, PeerError> {
        let answer = self.call(Method::POST, path, Some(body)).await?;
        Ok(answer.json().await?)
    }

    /// `POST path` with a body, for an answer without.
    ///
    /// # Errors
    /// When it is not answered with 2xx.
    pub async fn tell(&self, path: &str, body: &impl Serialize) -> Result<(), PeerError> {
        self.call(Method::POST, path, Some(body)).await.map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<reqwest::Response, PeerError> {
        let base = self.service.pick().await?;
        let mut request = self
            .client
            .request(method, format!("{base}{path}"))
            .bearer_auth(self.token.0.expose_secret());
        if let Some(trace) = TraceContext::current() {
            request = request.header("traceparent", trace.traceparent());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if !neighbours::is_refusal(status) {
            return Err(PeerError::Unavailable(format!("answered {status}")));
        }
        let refusal = Refusal::read(answer).await;
        Err(PeerError::Refused {
            status: refusal.status,
            message: refusal.message().to_owned(),
        })
    }
}
