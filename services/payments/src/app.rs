//! payments, put together: tests start what production starts.

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use chrono::TimeDelta;
use ticketing_contracts::api::payments::PaymentConfig;
use ticketing_http::{
    Listeners,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_postgres::Pool;
use ticketing_runtime::{
    Clock, Health, Lifecycle, consul::Resolver, lifecycle::Signals, telemetry::metrics::Metrics,
};
use tokio::sync::Notify;

use crate::{
    config::Serve,
    gateway::Stripe,
    handlers::webhook::WebhookSecret,
    messaging::Messaging,
    paying::{Orders, Patience, Paying},
    reconciler, routes,
    store::webhooks,
};

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// Between two looks for webhooks that are too old to be repeated.
const FORGETTING: Duration = Duration::from_secs(60);

/// Stripe sends an event again for three days, and on demand for thirty.
const REPEATED_FOR: TimeDelta = TimeDelta::days(31);

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
        let bell = Arc::new(Notify::new());
        let messaging = Messaging {
            database: config.database.clone(),
            pool: pool.clone(),
            redis: config.redis,
            instance: config.instance.clone(),
            clock: clock.clone(),
            bell: Arc::clone(&bell),
        };
        let wake = messaging.start(&lifecycle);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(config.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        let paying = Paying {
            pool,
            orders: Orders::new(Peer::new(&resolver, "orders", config.token)),
            stripe: Stripe::new(&config.stripe)?,
            clock,
            wake,
            bell,
            instance: config.instance.into(),
            patience: Patience::with(config.stripe.timeout),
        };
        let browsers = PaymentConfig {
            publishable_key: config.stripe.publishable_key,
            stripe_js: config.stripe.js,
            simulated: config.stripe.simulated,
        };
        if browsers.simulated {
            tracing::warn!("payments are simulated: no card is charged");
        }

        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        lifecycle.spawn(reconciler::run(paying.clone(), lifecycle.soft().clone()));
        lifecycle.spawn(keep_house(
            paying.clone(),
            metrics.clone(),
            lifecycle.clone(),
        ));
        lifecycle.spawn(forget(paying.clone(), lifecycle.clone()));
        let (paying, verifier) = (Data::new(paying), Data::new(verifier));
        let browsers = Data::new(browsers);
        let secret = Data::new(WebhookSecret(config.stripe.webhook_secret));
        serve(listeners.public, &config.http, &lifecycle, move |app| {
            app.app_data(paying.clone())
                .app_data(verifier.clone())
                .app_data(browsers.clone())
                .app_data(secret.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
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

async fn keep_house(paying: Paying, metrics: Metrics, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        paying.pool.observe();
        metrics.upkeep();
    }
}

async fn forget(paying: Paying, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(FORGETTING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        if let Err(error) = forget_webhooks(&paying).await {
            tracing::warn!(%error, "old webhooks could not be forgotten");
        }
    }
}

async fn forget_webhooks(paying: &Paying) -> anyhow::Result<()> {
    let mut connection = paying.pool.get().await?;
    let before = paying.clock.now() - REPEATED_FOR;
    let forgotten = webhooks::forget(&mut connection, before).await?;
    if forgotten > 0 {
        tracing::debug!(forgotten, "forgot old webhooks");
    }
    Ok(())
}
