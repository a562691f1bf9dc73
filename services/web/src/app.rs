//! web, put together: tests start what production starts.

use std::{net::TcpListener, time::Duration};

use actix_web::web::Data;
use ticketing_http::{
    Listeners, Parts, Service,
    server::{serve_admin, serve_while_connected},
    session::jwks::{Refresh, follow},
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{Health, consul::Resolver};

use crate::{assets, clients::Clients, config::Serve, found::Sitemap, live::Live, routes};

/// web, which listens but does not serve yet.
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
        // The other services are not asked: when one is down its part of the page says so.
        let health = Health::default().with("redis", self.redis.clone(), RedisSettings::ping);

        // What is in flight when the service is told to stop may still need the others.
        let hard = || lifecycle.hard().clone();
        let resolver = Resolver::new(self.consul, hard());
        let auth = resolver.service("auth");
        let verifier = follow(auth, Refresh::default(), clock.clone(), hard());
        let clients = Clients::new(&resolver, &self.http.proxy);
        let live = Live::start(self.redis, clock.clone(), &lifecycle);

        assets::prepare();
        let (verifier, clients, live) = (Data::new(verifier), Data::new(clients), Data::new(live));
        let (form_key, public_url) = (Data::new(self.form_key), Data::new(self.public_url));
        let (sitemap, clock) = (Data::new(Sitemap::default()), Data::new(clock));
        serve_while_connected(listeners.public, &self.http, &lifecycle, move |app| {
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
        Ok(())
    }
}
