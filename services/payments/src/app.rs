//! payments, put together: tests start what production starts.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::web::Data;
use chrono::TimeDelta;
use ticketing_contracts::api::payments::PaymentConfig;
use ticketing_http::{
    Listeners, Parts, Service,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::Pool;
use ticketing_runtime::{Health, consul::Resolver};
use tokio::sync::Notify;

use crate::{
    config::Serve,
    gateway::Stripe,
    handlers::webhook::WebhookSecret,
    messaging::Messaging,
    paying::{Orders, Patience, Paying, UnderWay, Writer, writer},
    reconciler, routes,
    store::webhooks,
};

/// Between two looks for webhooks that are too old to be repeated.
const FORGETTING: Duration = Duration::from_secs(60);

/// Stripe sends an event again for three days, and on demand for thirty.
const REPEATED_FOR: TimeDelta = TimeDelta::days(31);

/// payments, which listens but does not serve yet.
pub type Application = ticketing_http::Application<Serve>;

impl Service for Serve {
    type Public = TcpListener;

    fn listen(&self) -> anyhow::Result<Listeners> {
        Listeners::bind(&self.http)
    }

    fn shutdown_deadline(&self) -> Duration {
        self.shutdown_deadline
    }

    fn start(self, parts: Parts) -> anyhow::Result<()> {
        let Parts {
            clock,
            listeners,
            lifecycle,
            metrics,
        } = parts;
        let pool = Pool::new(&self.database)?;
        let health = Health::default()
            .with("postgres", pool.clone(), Pool::probe)
            .with("redis", self.redis.clone(), RedisSettings::ping);
        let bell = Arc::new(Notify::new());
        let messaging = Messaging {
            database: self.database.clone(),
            pool: pool.clone(),
            redis: self.redis,
            instance: self.instance.clone(),
            clock: clock.clone(),
            bell: Arc::clone(&bell),
        };
        let wake = messaging.start(&lifecycle);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(self.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        let instance: Arc<str> = self.instance.into();
        let patience = Patience::with(self.stripe.timeout);
        let writer = Writer::start(writer::Settings {
            database: self.database,
            instance: Arc::clone(&instance),
            patience,
            wake: wake.clone(),
            bell: Arc::clone(&bell),
        });
        let paying = Paying {
            pool,
            writer,
            under_way: UnderWay::default(),
            orders: Orders::start(Peer::new(&resolver, "orders", self.token)),
            stripe: Stripe::new(&self.stripe)?,
            clock,
            wake,
            bell,
            instance,
            patience,
        };
        let browsers = PaymentConfig {
            publishable_key: self.stripe.publishable_key,
            stripe_js: self.stripe.js,
            simulated: self.stripe.simulated,
        };
        if browsers.simulated {
            tracing::warn!("payments are simulated: no card is charged");
        }

        lifecycle.spawn(reconciler::run(paying.clone(), lifecycle.soft().clone()));
        let pool = paying.pool.clone();
        lifecycle.keep_house(move || pool.observe());
        let kept = paying.clone();
        lifecycle.every(FORGETTING, move || forget(kept.clone()));
        let (paying, verifier) = (Data::new(paying), Data::new(verifier));
        let browsers = Data::new(browsers);
        let secret = Data::new(WebhookSecret(self.stripe.webhook_secret));
        serve(listeners.public, &self.http, &lifecycle, move |app| {
            app.app_data(paying.clone())
                .app_data(verifier.clone())
                .app_data(browsers.clone())
                .app_data(secret.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
        Ok(())
    }
}

async fn forget(paying: Paying) {
    if let Err(error) = forget_webhooks(&paying).await {
        tracing::warn!(%error, "old webhooks could not be forgotten");
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
