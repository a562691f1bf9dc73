//! orders, put together: tests start what production starts.

use std::time::Duration;

use actix_web::web::Data;
use ticketing_http::{
    Listeners,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::{
    Clock, Health, Lifecycle, consul::Resolver, lifecycle::Signals, telemetry::metrics::Metrics,
};

use crate::{
    config::Serve, messaging::Messaging, offers::Offers, orders::Orders, reservation::Reservations,
    routes,
};

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// One decides; another one asks what became of a commit, or takes its place when it breaks.
const DECIDING: usize = 2;

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
        let metrics = Metrics::install()?;
        let health = health(&config, &pool);
        let messaging = Messaging {
            database: config.database.clone(),
            pool: pool.clone(),
            redis: config.redis,
            instance: config.instance,
            manner: config.reservation.manner,
            clock: clock.clone(),
        };
        let wake = messaging.publish(&lifecycle);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(config.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        // Its own connections: reads, however many, must not keep orders from being decided.
        let deciding = Pool::new(&DatabaseSettings {
            connections: DECIDING,
            ..config.database
        })?;
        let reservations = Reservations::start(deciding, config.reservation, wake.clone());
        messaging.listen(&wake, reservations.clone(), &lifecycle);
        let tickets = Peer::new(&resolver, "tickets", config.token);
        let orders = Orders {
            offers: Offers::new(tickets, reservations.clone()),
            reservations,
            pool: pool.clone(),
            clock,
        };

        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        lifecycle.spawn(keep_house(
            orders.clone(),
            metrics.clone(),
            lifecycle.clone(),
        ));
        let (orders, verifier) = (Data::new(orders), Data::new(verifier));
        let (asked, callers) = (orders.clone(), config.callers);
        serve(listeners.public, &config.http, &lifecycle, move |app| {
            app.app_data(orders.clone()).app_data(verifier.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, move |app| {
            app.app_data(asked.clone()).app_data(callers.clone());
            routes::internal(app);
        })?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }
}

fn health(config: &Serve, pool: &Pool) -> Health {
    let (pool, redis) = (pool.clone(), config.redis.clone());
    Health::default()
        .with("postgres", move || {
            let pool = pool.clone();
            async move { pool.probe().await }
        })
        .with("redis", move || {
            let redis = redis.clone();
            async move { redis.ping().await }
        })
}

async fn drain(health: Health, lifecycle: Lifecycle) {
    lifecycle.soft().cancelled().await;
    health.drain();
}

async fn keep_house(orders: Orders, metrics: Metrics, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        orders.observe();
        metrics.upkeep();
    }
}
