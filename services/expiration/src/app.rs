//! expiration, put together: tests start what production starts.

use std::{net::TcpListener, time::Duration};

use anyhow::Context;
use ticketing_http::server::serve_admin;
use ticketing_messaging::{
    connection::{self, RedisSettings},
    consumer::{Consumer, ConsumerSettings},
};
use ticketing_runtime::{
    Clock, Health, Lifecycle, lifecycle::Signals, telemetry::metrics::Metrics,
};

use crate::{
    SERVICE, bell::Bell, catch_up::caught_up, config::Serve, connection::Connection,
    dead_letters::DeadLetters, deadlines, listener::Listener, publisher::Publisher, upkeep::Upkeep,
};

/// A service that listens on its port but does nothing yet.
#[derive(Debug)]
pub struct Application {
    config: Serve,
    clock: Clock,
    admin: TcpListener,
}

impl Application {
    /// Binds the admin port. Port 0 takes a free one.
    ///
    /// # Errors
    /// When the address can't be bound.
    pub fn build(config: Serve, clock: Clock) -> anyhow::Result<Self> {
        let address = &config.admin_address;
        let admin = TcpListener::bind(address);
        Ok(Self {
            admin: admin.with_context(|| format!("{address} can't be listened on"))?,
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

    /// The admin port.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn admin_port(&self) -> std::io::Result<u16> {
        Ok(self.admin.local_addr()?.port())
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
        let metrics = Metrics::install()?;
        let redis = self.config.redis.clone();
        let connection = Connection::new(redis.clone());
        let probed = connection.clone();
        let health = Health::default().with("redis", move || {
            let connection = probed.clone();
            async move { connection.probe().await }
        });
        lifecycle.spawn(drain(health.clone(), lifecycle.clone()));
        self.start(&connection, metrics.clone(), &lifecycle);
        serve_admin(self.admin, &health, &metrics, &lifecycle, |_| {})?;
        tracing::info!("serving");
        lifecycle.run_until_signal(signals).await;
        Ok(())
    }

    fn start(&self, connection: &Connection, metrics: Metrics, lifecycle: &Lifecycle) {
        let (redis, soft) = (&self.config.redis, lifecycle.soft());
        let (schedule, bell) = (deadlines::schedule(redis), Bell::new());
        let listener = Listener {
            connection: connection.clone(),
            schedule: schedule.clone(),
            dead_letters: DeadLetters::new(redis),
            bell: bell.clone(),
            clock: self.clock.clone(),
        };
        let publisher = Publisher {
            connection: connection.clone(),
            schedule,
            bell,
            clock: self.clock.clone(),
            batch: self.config.batch,
        };
        let instance = self.config.instance.clone();
        let settings = ConsumerSettings::new(SERVICE, instance.clone());
        let consumer = Consumer::new(redis.clone(), settings, self.clock.clone(), listener);
        let upkeep = Upkeep::new(connection.clone(), redis, self.clock.clone(), metrics);

        lifecycle.spawn(consumer.run(soft.clone()));
        lifecycle.spawn(upkeep.run(soft.clone()));
        let (redis, connection) = (redis.clone(), connection.clone());
        let checked = soft.clone();
        lifecycle.spawn({
            let redis = redis.clone();
            async move { checked.run_until_cancelled(check(&redis)).await }
        });
        let soft = soft.clone();
        lifecycle.spawn(async move {
            let caught_up = caught_up(&connection, &redis, &instance);
            _ = soft.run_until_cancelled(caught_up).await;
            publisher.run(soft).await;
        });
    }
}

async fn drain(health: Health, lifecycle: Lifecycle) {
    lifecycle.soft().cancelled().await;
    health.drain();
}

/// Says once, when Redis is there, what is wrong with its set-up.
async fn check(redis: &RedisSettings) {
    if let Err(error) = connection::check(redis).await {
        tracing::warn!(%error, "the set-up of Redis can't be looked at yet");
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            if connection::check(redis).await.is_ok() {
                return;
            }
        }
    }
}
