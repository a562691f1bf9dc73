//! tickets, put together: tests start what production starts.

use std::{net::TcpListener, time::Duration};

use actix_web::web::Data;
use ticketing_contracts::events::{Event, OrderEvent, TicketEvent};
use ticketing_http::{
    Listeners, Parts, Service,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_messaging::{
    connection::{RedisSettings, check_when_up},
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    relay::Relay,
    upkeep::Upkeep,
};
use ticketing_postgres::Pool;
use ticketing_runtime::{Clock, Health, Lifecycle, consul::Resolver};

use crate::{
    SERVICE, browsing::Browsing, config::Serve, listeners::inventory_updated::InventoryUpdated,
    routes, selling::Selling,
};

/// Between two looks for answers that are too old to repeat.
const FORGETTING: Duration = Duration::from_secs(60);

/// tickets, which listens but does not serve yet.
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
        let relay =
            Relay::new::<TicketEvent>(self.database.clone(), self.redis.clone(), clock.clone());
        let wake = relay.wake();
        lifecycle.spawn(relay.run(pool.clone(), lifecycle.soft().clone()));
        listen(&self, &pool, &clock, &lifecycle);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(self.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        let selling = Data::new(Selling {
            pool: pool.clone(),
            orders: Peer::new(&resolver, "orders", self.token),
            clock,
            wake,
        });
        let (browsing, verifier) = (Data::new(Browsing::new(pool.clone())), Data::new(verifier));

        lifecycle.keep_house(move || pool.observe());
        let kept = selling.clone();
        lifecycle.every(FORGETTING, move || forget(kept.clone()));
        let (offered, callers) = (selling.clone(), self.callers);
        serve(listeners.public, &self.http, &lifecycle, move |app| {
            app.app_data(browsing.clone())
                .app_data(selling.clone())
                .app_data(verifier.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, move |app| {
            app.app_data(callers.clone()).app_data(offered.clone());
            routes::internal(app);
        })?;
        Ok(())
    }
}

/// Hears what orders say, and looks after the tables that this takes.
fn listen(config: &Serve, pool: &Pool, clock: &Clock, lifecycle: &Lifecycle) {
    let soft = || lifecycle.soft().clone();
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
    lifecycle.spawn(consumer.run(soft()));
    lifecycle.spawn(upkeep.run(soft()));
    let checked = check_when_up(config.redis.clone());
    lifecycle.spawn(soft().run_until_cancelled_owned(checked));
}

async fn forget(selling: Data<Selling>) {
    match selling.forget_answers().await {
        Ok(0) => {}
        Ok(forgotten) => tracing::debug!(forgotten, "forgot answers that are a day old"),
        Err(error) => tracing::warn!(%error, "old answers could not be forgotten"),
    }
}
