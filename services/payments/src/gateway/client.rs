//! HTTP to Stripe: kept-alive connections, a timeout, a limit on how many may wait, and no repeats of its
//! own. Whether a request is repeated is decided where one knows what that may charge.

use std::{sync::Arc, time::Duration};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue};
use secrecy::ExposeSecret;
use serde::Deserialize;
use stripe_client_core::{
    CustomizedStripeRequest, RequestStrategy, StripeClient, StripeClientErr, StripeMethod,
};
use tokio::sync::Semaphore;

use super::{Fault, StripeSettings};

/// For connecting alone, which nobody needs long for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Shorter than Stripe keeps idle connections.
const IDLE: Duration = Duration::from_secs(50);

/// Sends requests to Stripe. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Client {
    base: String,
    client: reqwest::Client,
    places: Arc<Semaphore>,
}

impl Client {
    /// A client of the account.
    ///
    /// # Errors
    /// When the key can't be sent, or the machine has no certificates to trust.
    pub fn new(settings: &StripeSettings) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(headers(settings)?)
            .timeout(settings.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("ticketing/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none());
        // The simulator is a neighbour, Stripe may be behind a proxy.
        let client = if settings.simulated {
            client.no_proxy()
        } else {
            client
        };
        Ok(Self {
            base: format!("{}/v1", settings.api_base),
            client: client.build()?,
            places: Arc::new(Semaphore::new(settings.concurrency)),
        })
    }

    fn request(&self, request: CustomizedStripeRequest) -> reqwest::RequestBuilder {
        let (request, overridden) = request.into_pieces();
        let method = match request.method {
            StripeMethod::Get => reqwest::Method::GET,
            StripeMethod::Post => reqwest::Method::POST,
            StripeMethod::Delete => reqwest::Method::DELETE,
        };
        let mut url = format!("{}{}", self.base, request.path);
        if let Some(query) = request.query {
            url = format!("{url}?{query}");
        }
        let mut built = self.client.request(method, url);
        if let Some(RequestStrategy::Idempotent(key)) = overridden.request_strategy {
            built = built.header("idempotency-key", key.as_str());
        }
        if let Some(body) = request.body {
            built = built
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        built
    }
}

fn headers(settings: &StripeSettings) -> Result<HeaderMap, InvalidHeaderValue> {
    let key = format!("Bearer {}", settings.key.expose_secret());
    let mut key = HeaderValue::from_str(&key)?;
    key.set_sensitive(true);
    let version = HeaderValue::from_str(stripe_client_core::VERSION.as_str())?;
    Ok(HeaderMap::from_iter([
        (AUTHORIZATION, key),
        ("stripe-version".parse().expect("a header's name"), version),
    ]))
}

impl StripeClient for Client {
    type Err = Fault;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<bytes::Bytes, Fault> {
        // A Stripe that hangs holds so many requests and no more: the others are told at once.
        let _place = self.places.try_acquire().map_err(|_| {
            Fault::Unavailable("too many requests wait for Stripe already".to_owned())
        })?;
        let answer = self.request(request).send().await.map_err(unanswered)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unanswered)?;
        if status.is_success() {
            return Ok(body);
        }
        Err(refused(status.as_u16(), &body))
    }
}

impl StripeClientErr for Fault {
    fn deserialize_err(message: impl std::fmt::Display) -> Self {
        Self::Unclear(message.to_string())
    }
}

/// Without a connection nothing was asked; on one that broke, it may have been.
fn unanswered(error: reqwest::Error) -> Fault {
    let connecting = error.is_connect() || error.is_builder();
    // The address is in the error otherwise, and with it whose payment it was.
    let error = error.without_url();
    if connecting {
        Fault::Unavailable(error.to_string())
    } else {
        Fault::Unclear(error.to_string())
    }
}

/// Stripe's error as far as it is needed; the rest of it changes from version to version.
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: ErrorFields,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorFields {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// What an answer other than 2xx means (<https://docs.stripe.com/api/errors>).
fn refused(status: u16, body: &[u8]) -> Fault {
    let ErrorFields { code, message } = serde_json::from_slice::<ErrorBody>(body)
        .unwrap_or_default()
        .error;
    let code = code.unwrap_or_default();
    let message = message.unwrap_or_else(|| format!("status {status}"));
    match (status, code.as_str()) {
        (402, _) => Fault::Declined {
            authentication: code == "payment_intent_authentication_failure",
            message,
        },
        (_, "payment_intent_unexpected_state") => Fault::AnotherState,
        // The first request with the key is under way still, or another one holds the object.
        (409 | 424, _) | (429, "lock_timeout" | "idempotency_key_in_use") => {
            Fault::Unclear(message)
        }
        // The end of a connection that was not used for too long. What was sent on it meanwhile was hardly
        // read, but nobody says so.
        (408, _) => Fault::Unclear(message),
        (401 | 403, _) => {
            tracing::error!(status, code, "Stripe does not accept the key");
            Fault::Unavailable(format!("status {status}"))
        }
        (429, _) => Fault::Unavailable(message),
        (400..=499, _) => Fault::Refused { code, message },
        _ => Fault::Failed(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn fault(status: u16, code: &str) -> Fault {
        let body = format!(r#"{{"error": {{"type": "x", "code": "{code}", "message": "m"}}}}"#);
        refused(status, body.as_bytes())
    }

    #[rstest]
    #[case(402, "card_declined", Fault::Declined { message: "m".into(), authentication: false })]
    #[case(402, "payment_intent_authentication_failure", Fault::Declined { message: "m".into(), authentication: true })]
    #[case(400, "payment_intent_unexpected_state", Fault::AnotherState)]
    #[case(404, "resource_missing", Fault::Refused { code: "resource_missing".into(), message: "m".into() })]
    #[case(409, "idempotency_key_in_use", Fault::Unclear("m".into()))]
    #[case(408, "", Fault::Unclear("m".into()))]
    #[case(429, "lock_timeout", Fault::Unclear("m".into()))]
    #[case(429, "rate_limit", Fault::Unavailable("m".into()))]
    #[case(401, "", Fault::Unavailable("status 401".into()))]
    #[case(500, "", Fault::Failed("status 500".into()))]
    #[case(503, "", Fault::Failed("status 503".into()))]
    fn meanings(#[case] status: u16, #[case] code: &str, #[case] expected: Fault) {
        assert_eq!(fault(status, code), expected);
    }

    #[test]
    fn an_answer_that_is_not_stripes_is_understood_by_its_status() {
        assert_eq!(refused(502, b"<html>"), Fault::Failed("status 502".into()));
        let expected = Fault::Refused {
            code: String::new(),
            message: "status 400".into(),
        };
        assert_eq!(refused(400, b""), expected);
    }
}
