//! tickets, put together: tests start what production starts.

use std::time::Duration;

use actix_web::web::Data;
use ticketing_contracts::events::{Event, OrderEvent, TicketEvent};
use ticketing_http::{
    Listeners,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_messaging::{
    connection::{self, RedisSettings},
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    relay::Relay,
    upkeep::Upkeep,
};
use ticketing_postgres::Pool;
use ticketing_runtime::{
    Clock, Health, Lifecycle, consul::Resolver, lifecycle::Signals, telemetry::metrics::Metrics,
};

use crate::{
    SERVICE, browsing::Browsing, config::Serve, listeners::inventory_updated::InventoryUpdated,
    routes, selling::Selling,
};

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// Between two looks for answers that are too old to repeat.
const FORGETTING: Duration = Duration::from_secs(60);

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
        let health = health(&pool, &config.redis);
        let relay =
            Relay::new::<TicketEvent>(config.database.clone(), config.redis.clone(), clock.clone());
        // Requests that are in flight when it stops still ask others.
        let resolver = Resolver::new(config.consul.clone(), lifecycle.hard().clone());
        let selling = Selling {
            pool: pool.clone(),
            orders: Peer::new(&resolver, "orders", config.token.clone()),
            clock: clock.clone(),
            wake: relay.wake(),
        };
        let verifier = follow(
            resolver.service("auth"),
            Refresh::default(),
            clock.clone(),
            lifecycle.hard().clone(),
        );
        let browsing = Data::new(Browsing::new(pool.clone()));
        let (selling, verifier) = (Data::new(selling), Data::new(verifier));

        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        lifecycle.spawn(relay.run(pool.clone(), lifecycle.soft().clone()));
        listen(&config, &pool, &clock, &lifecycle);
        lifecycle.spawn(keep_house(pool, metrics.clone(), lifecycle.clone()));
        lifecycle.spawn(forget(selling.clone(), lifecycle.clone()));
        let offered = selling.clone();
        serve(listeners.public, &config.http, &lifecycle, move |app| {
            app.app_data(browsing.clone())
                .app_data(selling.clone())
                .app_data(verifier.clone());
            routes::public(app);
        })?;
        let callers = config.callers;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, move |app| {
            app.app_data(callers.clone()).app_data(offered.clone());
            routes::internal(app);
        })?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }
}

fn health(pool: &Pool, redis: &RedisSettings) -> Health {
    let (pool, redis) = (pool.clone(), redis.clone());
    Health::default()
        .with("postgres", move || {
            let pool = pool.clone();
            async move { pool.probe().await }
        })
        .with("redis", move || {
            let redis = redis.clone();
            async move { redis.connect().await.map(drop) }
        })
}

/// Hears what orders say, and looks after the tables that this takes.
fn listen(config: &Serve, pool: &Pool, clock: &Clock, lifecycle: &Lifecycle) {
    let consumer = Consumer::new(
        config.redis.clone(),
        ConsumerSettings::new(SERVICE, &config.instance),
        clock.clone(),
        Inbox::new(pool.clone(), SERVICE, InventoryUpdated),
    );
    let upkeep = Upkeep {
        pool: pool.clone(),
        redis: config.redis.clone(),
        streams: vec![OrderEvent::STREAM],
        clock: clock.clone(),
    };
    lifecycle.spawn(consumer.run(lifecycle.soft().clone()));
    lifecycle.spawn(upkeep.run(lifecycle.soft().clone()));
    let redis = config.redis.clone();
    // Not waited for: a Redis that is away is no reason not to start, nor not to stop.
    tokio::spawn(async move {
        if let Err(error) = connection::check(&redis).await {
            tracing::warn!(%error, "how Redis is set up is not known");
        }
    });
}

async fn drain(health: Health, lifecycle: Lifecycle) {
    lifecycle.soft().cancelled().await;
    health.drain();
}

async fn keep_house(pool: Pool, metrics: Metrics, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        pool.observe();
        metrics.upkeep();
    }
}

async fn forget(selling: Data<Selling>, lifecycle: Lifecycle) {
    let mut rounds = tokio::time::interval(FORGETTING);
    while lifecycle
        .soft()
        .run_until_cancelled(rounds.tick())
        .await
        .is_some()
    {
        match selling.forget_answers().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "forgot answers that are a day old"),
            Err(error) => tracing::warn!(%error, "old answers could not be forgotten"),
        }
    }
}
