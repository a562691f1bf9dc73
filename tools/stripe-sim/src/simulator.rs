//! The simulator inside a test's own process.

use std::{num::NonZeroUsize, sync::Arc, thread::JoinHandle};

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::{
    app::Application, config::Settings, faults::Plan, simulation::Simulation, store::totals::Totals,
};

/// A running simulator, on a port and a thread of its own. It ends when it is dropped; with a folder for
/// its journal, the next one goes on where it ended.
#[derive(Debug)]
pub struct Simulator {
    url: String,
    simulation: Arc<Simulation>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When it can't.
    #[must_use]
    pub fn start(settings: Settings) -> Self {
        Self::try_start(settings).expect("the payment simulator starts")
    }

    fn try_start(settings: Settings) -> anyhow::Result<Self> {
        let app = Application::build("127.0.0.1:0", NonZeroUsize::MIN, settings)?;
        let (port, simulation) = (app.port()?, app.simulation());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("stripe-sim".into());
        let thread = thread.spawn(move || {
            if let Err(error) = serve(app, &stopped) {
                tracing::error!(%error, "the payment simulator has ended");
            }
        });
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            simulation,
            stop,
            thread: Some(thread.context("no thread")?),
        })
    }

    /// Where it is, without a slash at the end: Stripe's `https://api.stripe.com`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The secret key that it accepts.
    #[must_use]
    pub fn key(&self) -> &str {
        self.simulation.settings.key.expose_secret()
    }

    /// Sends webhooks there from now on.
    pub fn send_webhooks_to(&self, url: impl Into<String>) {
        self.simulation.set_webhook_url(Some(url.into()));
    }

    /// Replaces all that goes wrong.
    pub fn set_faults(&self, plan: Plan) {
        self.simulation.faults.set(plan);
    }

    /// Everything that was charged and given back.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.simulation.ledger.read(|books| books.totals().clone())
    }

    /// How often a route was asked: `POST /v1/payment_intents/{id}/confirm`.
    #[must_use]
    pub fn requests(&self, route: &str) -> u64 {
        let counts = self.simulation.requests.counts();
        counts.get(route).copied().unwrap_or_default()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Ends without waiting for requests that hang.
fn serve(app: Application, stop: &CancellationToken) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = app.serve()?;
        let handle = server.handle();
        let server = tokio::spawn(server);
        stop.cancelled().await;
        handle.stop(false).await;
        Ok(server.await??)
    })
}
