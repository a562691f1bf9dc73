//! One service: where it is, what it is told, and what its answers mean.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, header::HeaderMap};
use secrecy::ExposeSecret;
use serde::{Serialize, de::DeserializeOwned};
use ticketing_http::{
    forwarded::TrustedProxy,
    neighbours::{self, Refusal},
};
use ticketing_runtime::{
    consul::{Resolver, Service},
    telemetry::trace::TraceContext,
};

use super::{Caller, ClientError, next_cursor};

/// How long a service may take. A person waits for the page.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often another instance is asked when one can't be connected to: it has gone, and Consul does not
/// know yet.
const INSTANCES: usize = 3;

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// For the next one, if there is one.
    pub next: Option<String>,
}

/// A service. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    name: &'static str,
    service: Service,
    proxy: TrustedProxy,
    client: Client,
}

/// What is asked.
pub(super) struct Ask<'a> {
    method: Method,
    path: &'a str,
    caller: Option<&'a Caller>,
    query: Vec<(&'static str, String)>,
    key: Option<&'a str>,
    body: Option<serde_json::Value>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            caller: None,
            query: Vec::new(),
            key: None,
            body: None,
        }
    }

    pub(super) fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: &'a str) -> Self {
        Self::new(Method::POST, path)
    }

    /// For this visitor.
    pub(super) fn by(mut self, caller: &'a Caller) -> Self {
        self.caller = Some(caller);
        self
    }

    /// `name=value` in the query, if there is a value.
    pub(super) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Done once, however often it is asked.
    pub(super) fn once(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }

    pub(super) fn json(mut self, body: &impl Serialize) -> Self {
        // What can't be written is missing in the request, and refused there.
        self.body = serde_json::to_value(body).ok();
        self
    }
}

impl Connection {
    pub(super) fn new(resolver: &Resolver, name: &'static str, proxy: TrustedProxy) -> Self {
        Self {
            name,
            service: resolver.service(name),
            proxy,
            client: neighbours::client(PATIENCE),
        }
    }

    /// Asks, for an answer with a body.
    pub(super) async fn answer<A: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<A, ClientError> {
        self.read(self.send(ask).await?).await
    }

    /// Asks for a page of a list.
    pub(super) async fn page<A: DeserializeOwned>(
        &self,
        ask: Ask<'_>,
    ) -> Result<Paged<A>, ClientError> {
        let answer = self.send(ask).await?;
        let next = next_cursor(answer.headers());
        let items = self.read(answer).await?;
        Ok(Paged { items, next })
    }

    /// Asks, for what the answer's headers say.
    pub(super) async fn headers(&self, ask: Ask<'_>) -> Result<HeaderMap, ClientError> {
        Ok(self.send(ask).await?.headers().clone())
    }

    /// Asks, for an answer without a body.
    pub(super) async fn done(&self, ask: Ask<'_>) -> Result<(), ClientError> {
        self.send(ask).await.map(drop)
    }

    pub(super) async fn read<A: DeserializeOwned>(
        &self,
        answer: Response,
    ) -> Result<A, ClientError> {
        let body = answer.bytes().await.map_err(|error| self.away(error))?;
        serde_json::from_slice(&body).map_err(|error| self.away(error))
    }

    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Response, ClientError> {
        let mut asked = 0;
        loop {
            asked += 1;
            let base = self
                .service
                .pick()
                .await
                .map_err(|error| self.away(error))?;
            match self.request(&base, &ask).send().await {
                Ok(answer) => return self.judge(answer).await,
                // Nothing was sent: another instance may be asked, whatever it is.
                Err(error) if error.is_connect() && asked < INSTANCES => {
                    tracing::debug!(service = self.name, %error, "asking another instance");
                }
                Err(error) => return Err(self.away(error)),
            }
        }
    }

    fn request(&self, base: &str, ask: &Ask<'_>) -> RequestBuilder {
        let mut url = format!("{base}{}", ask.path);
        if let Ok(query) = serde_urlencoded::to_string(&ask.query)
            && !query.is_empty()
        {
            url = format!("{url}?{query}");
        }
        let mut request = self.client.request(ask.method.clone(), url);
        if let Some(caller) = ask.caller {
            request = self.told_of(caller, request);
        }
        if let Some(trace) = TraceContext::current() {
            request = request.header("traceparent", trace.traceparent());
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        request
    }

    /// In Traefik's words, and with its secret, so that it is believed.
    fn told_of(&self, caller: &Caller, mut request: RequestBuilder) -> RequestBuilder {
        // As many addresses as the service takes away for the proxies in front of Traefik, and one more.
        let address = caller.visitor.address.to_string();
        let addresses = vec![address; self.proxy.hops + 1].join(", ");
        let scheme = if caller.visitor.https {
            "https"
        } else {
            "http"
        };
        request = request
            .header("x-forwarded-for", addresses)
            .header("x-forwarded-proto", scheme)
            .header("x-forwarded-token", self.proxy.token.expose_secret());
        match &caller.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn judge(&self, answer: Response) -> Result<Response, ClientError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if !neighbours::is_refusal(status) {
            return Err(self.away(format!("answered {status}")));
        }
        let retry_after = answer
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let Refusal { status, errors } = Refusal::read(answer).await;
        Err(ClientError::Refused {
            status,
            errors,
            retry_after,
        })
    }

    /// Logged here, once: a page may do without the answer.
    fn away(&self, cause: impl ToString) -> ClientError {
        let cause = cause.to_string();
        tracing::warn!(service = self.name, cause, "a service can't be asked");
        ClientError::Unavailable {
            service: self.name,
            cause,
        }
    }
}
