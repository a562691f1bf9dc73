//! web, put together: tests start what production starts.

use std::time::Duration;

use actix_web::web::Data;
use ticketing_http::{
    Listeners,
    server::{serve_admin, serve_while_connected},
    session::jwks::{Refresh, follow},
};
use ticketing_runtime::{
    Clock, Health, Lifecycle, consul::Resolver, lifecycle::Signals, telemetry::metrics::Metrics,
};

use crate::{clients::Clients, config::Serve, found::Sitemap, live::Live, routes};

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
        let metrics = Metrics::install()?;
        let health = health(&config);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(config.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        let clients = Clients::new(&resolver, &config.http.proxy);
        let live = Live::start(config.redis, clock.clone(), &lifecycle);

        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        lifecycle.spawn(keep_house(metrics.clone(), lifecycle.clone()));
        let (verifier, clients, live) = (Data::new(verifier), Data::new(clients), Data::new(live));
        let (form_key, public_url) = (Data::new(config.form_key), Data::new(config.public_url));
        let (sitemap, clock) = (Data::new(Sitemap::default()), Data::new(clock));
        serve_while_connected(listeners.public, &config.http, &lifecycle, move |app| {
            app.app_data(verifier.clone())
                .app_data(clients.clone())
                .app_data(live.clone())
                .app_data(form_key.clone())
                .app_data(public_url.clone())
                .app_data(sitemap.clone())
                .app_data(clock.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }
}

/// The other services are not asked: when one is down its part of the page says so.
fn health(config: &Serve) -> Health {
    let redis = config.redis.clone();
    Health::default().with("redis", move || {
        let redis = redis.clone();
        async move { redis.ping().await }
    })
}

async fn drain(health: Health, lifecycle: Lifecycle) {
    lifecycle.soft().cancelled().await;
    health.drain();
}

async fn keep_house(metrics: Metrics, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        metrics.upkeep();
    }
}
