//! The simulator, put together: tests start what development starts.

use std::{io, net::TcpListener, num::NonZeroUsize, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, dev::Server, web::Data};
use anyhow::Context;
use ticketing_runtime::{Clock, Lifecycle, lifecycle::Signals};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{
    background::{self, Job},
    config::{Serve, Settings},
    connection::Connection,
    routes,
    simulation::Simulation,
    store::ledger::Ledger,
};

/// Longer than clients keep idle connections, so that they are the ones who close them.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A simulator that listens but does not serve yet.
#[derive(Debug)]
pub struct Application {
    listener: TcpListener,
    workers: NonZeroUsize,
    simulation: Arc<Simulation>,
    jobs: UnboundedReceiver<Job>,
}

impl Application {
    /// Reads the journal and binds the port. Port 0 takes a free one.
    ///
    /// # Errors
    /// When either can't be done.
    pub fn build(address: &str, workers: NonZeroUsize, settings: Settings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address);
        let listener = listener.with_context(|| format!("{address} can't be listened on"))?;
        let ledger = Ledger::open(settings.data.as_deref(), Clock::system())?;
        let (later, jobs) = unbounded_channel();
        Ok(Self {
            listener,
            workers,
            simulation: Arc::new(Simulation::new(settings, ledger, later)),
            jobs,
        })
    }

    /// Builds and runs until a signal.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn run(config: Serve) -> anyhow::Result<()> {
        let lifecycle = Lifecycle::new(config.shutdown_deadline);
        let signals = Signals::install()?;
        let app = Self::build(&config.address, config.workers, config.account)?;
        let server = app.serve()?;
        let (handle, soft) = (server.handle(), lifecycle.soft().clone());
        let ended = soft.clone();
        lifecycle.spawn(async move {
            let outcome = server.await;
            if !ended.is_cancelled() {
                tracing::error!(?outcome, "the server ended by itself");
                ended.cancel();
            }
        });
        lifecycle.spawn(async move {
            soft.cancelled().await;
            handle.stop(true).await;
        });
        tracing::info!("payments are simulated: no card is charged");
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }

    /// The port.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// What is simulated.
    #[must_use]
    pub fn simulation(&self) -> Arc<Simulation> {
        self.simulation.clone()
    }

    /// Serves until the server is stopped.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub fn serve(self) -> io::Result<Server> {
        let simulation = Data::from(self.simulation.clone());
        let server = HttpServer::new(move || {
            let prefix = simulation.settings.prefix.clone();
            App::new()
                .app_data(simulation.clone())
                .configure(move |config| routes::all(config, &prefix))
        });
        let server = server
            .workers(self.workers.get())
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(KEEP_ALIVE)
            .on_connect(Connection::keep)
            .disable_signals()
            .shutdown_timeout(1)
            .listen(self.listener)?;
        tokio::spawn(async move {
            if let Err(error) = background::run(self.simulation, self.jobs).await {
                tracing::error!(%error, "webhooks can't be sent");
            }
        });
        Ok(server.run())
    }
}
