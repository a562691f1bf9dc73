//! orders, put together: tests start what production starts.

use std::{net::TcpListener, time::Duration};

use actix_web::web::Data;
use ticketing_http::{
    Listeners, Parts, Service,
    internal::Peer,
    server::{serve, serve_admin},
    session::jwks::{Refresh, follow},
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::{Health, consul::Resolver};

use crate::{
    config::Serve, messaging::Messaging, offers::Offers, orders::Orders, reservation::Reservations,
    routes,
};

/// One decides; another one asks what became of a commit, or takes its place when it breaks.
const DECIDING: usize = 2;

/// orders, which listens but does not serve yet.
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
        // Orders, tickets, requests and persons are all found by their keys.
        let database = self.database.planned_once();
        let pool = Pool::new(&database)?;
        let health = Health::default()
            .with("postgres", pool.clone(), Pool::probe)
            .with("redis", self.redis.clone(), RedisSettings::ping);
        let messaging = Messaging {
            database: database.clone(),
            pool: pool.clone(),
            redis: self.redis,
            instance: self.instance,
            manner: self.reservation.manner,
            clock: clock.clone(),
        };
        let wake = messaging.publish(&lifecycle);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(self.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        // Its own connections: reads, however many, must not keep orders from being decided.
        let deciding = Pool::new(&DatabaseSettings {
            connections: DECIDING,
            ..database
        })?;
        let reservations = Reservations::start(deciding, self.reservation, wake.clone());
        messaging.listen(&wake, reservations.clone(), &lifecycle);
        let tickets = Peer::new(&resolver, "tickets", self.token);
        let orders = Orders {
            offers: Offers::new(tickets, reservations.clone()),
            reservations,
            pool,
            clock,
        };

        let kept = orders.clone();
        lifecycle.keep_house(move || kept.observe());
        let (orders, verifier) = (Data::new(orders), Data::new(verifier));
        let (asked, callers) = (orders.clone(), self.callers);
        serve(listeners.public, &self.http, &lifecycle, move |app| {
            app.app_data(orders.clone()).app_data(verifier.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, move |app| {
            app.app_data(asked.clone()).app_data(callers.clone());
            routes::internal(app);
        })?;
        Ok(())
    }
}
