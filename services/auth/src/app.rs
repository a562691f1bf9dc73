//! auth, put together: tests start what production starts.

use std::time::Duration;

use actix_web::web::Data;
use ticketing_http::{
    Listeners,
    server::{serve, serve_admin},
    session::{Verifier, keys::KeySet},
};
use ticketing_postgres::Pool;
use ticketing_runtime::{
    Clock, Health, Lifecycle, lifecycle::Signals, telemetry::metrics::Metrics,
};

use crate::{
    accounts::Accounts,
    config::Serve,
    limits::{Attempts, SharedCounters},
    passwords::Passwords,
    routes,
};

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// A service that listens but does not serve yet.
#[derive(Debug)]
pub struct Application {
    config: Serve,
    clock: Clock,
    listeners: Listeners,
}

impl Application {
    /// Binds the listeners. Port 0 takes a free one.
    ///
    /// # Errors
    /// When an address can't be bound.
    pub fn build(config: Serve, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self {
            listeners: Listeners::bind(&config.http)?,
            config,
            clock,
        })
    }

    /// Builds and runs until a signal.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn run(config: Serve) -> anyhow::Result<()> {
        let lifecycle = Lifecycle::new(config.shutdown_deadline);
        let signals = Signals::install()?;
        Self::build(config, Clock::system())?
            .run_until_stopped(lifecycle, signals)
            .await
    }

    /// The port that Traefik routes to.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn port(&self) -> std::io::Result<u16> {
        self.listeners.port()
    }

    /// The admin port.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn admin_port(&self) -> std::io::Result<u16> {
        self.listeners.admin_port()
    }

    /// Serves until a signal, or until somebody cancels the lifecycle's soft token.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn run_until_stopped(
        self,
        lifecycle: Lifecycle,
        signals: Signals,
    ) -> anyhow::Result<()> {
        let Self {
            config,
            clock,
            listeners,
        } = self;
        let pool = Pool::new(&config.database)?;
        let counters = SharedCounters::new(&config.redis)?;
        let metrics = Metrics::install()?;
        let (probed_pool, probed_counters) = (pool.clone(), counters.clone());
        let health = Health::default()
            .with("postgres", move || {
                let pool = probed_pool.clone();
                async move { pool.probe().await }
            })
            .with("redis", move || {
                let counters = probed_counters.clone();
                async move { counters.probe().await }
            });
        let accounts = Accounts {
            pool,
            attempts: Attempts::new(counters),
            quotas: config.quotas,
            passwords: Passwords::start(config.hashing)?,
            keys: config.keys,
            clock: clock.clone(),
        };
        let verifier = Verifier::fixed(KeySet::new(accounts.public_keys().clone()), clock);

        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        lifecycle.spawn(keep_house(
            accounts.clone(),
            metrics.clone(),
            lifecycle.clone(),
        ));
        let (accounts, verifier) = (Data::new(accounts), Data::new(verifier));
        serve(listeners.public, &config.http, &lifecycle, move |app| {
            app.app_data(accounts.clone()).app_data(verifier.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }
}

async fn drain(health: Health, lifecycle: Lifecycle) {
    lifecycle.soft().cancelled().await;
    health.drain();
}

async fn keep_house(accounts: Accounts, metrics: Metrics, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        accounts.pool.observe();
        accounts.attempts.forget_old();
        metrics.upkeep();
    }
}
