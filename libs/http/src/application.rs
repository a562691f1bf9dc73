//! A service from the moment it listens to its end: what is the same for all of them, around what each one
//! does.

use std::{io, net::TcpListener, time::Duration};

use ticketing_runtime::{Clock, Lifecycle, lifecycle::Signals, telemetry::metrics::Metrics};

use crate::Listeners;

/// A service, known by what it is started with: its settings.
pub trait Service: Sized {
    /// What Traefik routes to: a [`TcpListener`], or `()` for a service that nobody outside asks.
    type Public;

    /// Binds what it listens on.
    ///
    /// # Errors
    /// When an address can't be bound.
    fn listen(&self) -> anyhow::Result<Listeners<Self::Public>>;

    /// How long a shutdown may take.
    fn shutdown_deadline(&self) -> Duration;

    /// Starts all of it, on what it is given; it ends with the lifecycle.
    ///
    /// # Errors
    /// When it can't start.
    fn start(self, parts: Parts<Self::Public>) -> anyhow::Result<()>;
}

/// What a service is given to start with.
#[derive(Debug)]
pub struct Parts<Public = TcpListener> {
    /// The time.
    pub clock: Clock,
    /// What it listens on.
    pub listeners: Listeners<Public>,
    /// When it ends, and what is waited for.
    pub lifecycle: Lifecycle,
    /// What the admin port shows.
    pub metrics: Metrics,
}

/// A service that listens but does not serve yet.
#[derive(Debug)]
pub struct Application<S: Service> {
    service: S,
    clock: Clock,
    listeners: Listeners<S::Public>,
}

impl<S: Service> Application<S> {
    /// Binds the listeners. Port 0 takes a free one.
    ///
    /// # Errors
    /// When an address can't be bound.
    pub fn build(service: S, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self {
            listeners: service.listen()?,
            service,
            clock,
        })
    }

    /// Builds and runs until a signal.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn run(service: S) -> anyhow::Result<()> {
        let lifecycle = Lifecycle::new(service.shutdown_deadline());
        let signals = Signals::install()?;
        Self::build(service, Clock::system())?
            .run_until_stopped(lifecycle, signals)
            .await
    }

    /// The admin port.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn admin_port(&self) -> io::Result<u16> {
        self.listeners.admin_port()
    }

    /// Runs until a signal, or until somebody cancels the lifecycle's soft token.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn run_until_stopped(
        self,
        lifecycle: Lifecycle,
        signals: Signals,
    ) -> anyhow::Result<()> {
        self.service.start(Parts {
            clock: self.clock,
            listeners: self.listeners,
            lifecycle: lifecycle.clone(),
            // Before anything is counted.
            metrics: Metrics::install()?,
        })?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }
}

impl<S: Service<Public = TcpListener>> Application<S> {
    /// The port that Traefik routes to.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn port(&self) -> io::Result<u16> {
        self.listeners.port()
    }
}
