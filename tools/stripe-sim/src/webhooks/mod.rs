//! Webhooks: events are sent to the endpoint until it takes them, for a quarter of an hour instead of
//! Stripe's three days.

mod signature;

use std::{sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, header::CONTENT_TYPE, redirect::Policy};
use tokio::{sync::Semaphore, time::sleep};

use crate::simulation::Simulation;

/// How long an endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The first pause between two tries, the longest, and how many there are: a quarter of an hour in all.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const RETRIES: usize = 40;

/// How many are sent at once.
const AT_ONCE: usize = 128;

/// Sends events.
#[derive(Debug)]
pub struct Webhooks {
    simulation: Arc<Simulation>,
    client: Client,
    places: Semaphore,
}

/// Why an endpoint has not taken an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no endpoint.
    #[error("there is no endpoint")]
    NoEndpoint,
    /// There is no such event.
    #[error("there is no such event")]
    NoEvent,
    /// It could not be reached, or did not answer in time.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It answered something else than 2xx.
    #[error("status {0}")]
    Refused(u16),
}

impl Webhooks {
    /// Sends the simulation's events.
    ///
    /// # Errors
    /// When there can be no client.
    pub fn new(simulation: Arc<Simulation>) -> anyhow::Result<Self> {
        // The endpoint is a neighbour. It may not send us elsewhere: Stripe follows no redirects.
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Ok(Self {
            simulation,
            client: client.timeout(TIMEOUT).build()?,
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// Sends an event until the endpoint has taken it, or for long enough.
    pub async fn deliver(&self, event: &str) {
        sleep(self.simulation.faults.webhook_delay()).await;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(RETRIES);
        let outcome = (|| self.send_when_allowed(event))
            .retry(pauses)
            .when(|error| matches!(error, NotTaken::NoAnswer(_) | NotTaken::Refused(_)))
            .await;
        match outcome {
            Ok(_) | Err(NotTaken::NoEndpoint | NotTaken::NoEvent) => {}
            Err(error) => tracing::warn!(event, %error, "a webhook was not taken"),
        }
    }

    async fn send_when_allowed(&self, event: &str) -> Result<u16, NotTaken> {
        // The sender lives as long as the simulation.
        _ = self
            .simulation
            .faults
            .webhooks()
            .wait_for(|sent| *sent)
            .await;
        self.send(event).await
    }

    /// Sends an event once.
    ///
    /// # Errors
    /// When it was not taken.
    pub async fn send(&self, event: &str) -> Result<u16, NotTaken> {
        let url = self.simulation.webhook_url().ok_or(NotTaken::NoEndpoint)?;
        let body = self.simulation.ledger.read(|books| {
            let happening = books.event(event)?;
            Some(happening.event.form(&happening.entry, 1).to_string())
        });
        let body = body.ok_or(NotTaken::NoEvent)?;
        let secret = &self.simulation.settings.webhook_secret;
        let signature = signature::sign(secret, self.simulation.ledger.now(), &body);

        let _place = self.places.acquire().await;
        let request = self.client.post(url).body(body);
        let request = request
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("Stripe-Signature", signature);
        let answer = request.send().await;
        let answer = answer.map_err(|error| NotTaken::NoAnswer(error.to_string()))?;
        let status = answer.status();
        // To the end, so that the connection can be used again.
        _ = answer.bytes().await;
        if !status.is_success() {
            return Err(NotTaken::Refused(status.as_u16()));
        }
        self.simulation.ledger.delivered(event);
        Ok(status.as_u16())
    }
}
