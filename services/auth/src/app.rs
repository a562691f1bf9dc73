//! auth, put together: tests start what production starts.

use std::{net::TcpListener, time::Duration};

use actix_web::web::Data;
use ticketing_http::{
    Listeners, Parts, Service,
    server::{serve, serve_admin},
    session::{Verifier, keys::KeySet},
};
use ticketing_postgres::Pool;
use ticketing_runtime::Health;

use crate::{
    accounts::Accounts,
    config::Serve,
    limits::{Attempts, SharedCounters},
    passwords::Passwords,
    routes,
};

/// auth, which listens but does not serve yet.
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
        let counters = SharedCounters::new(&self.redis)?;
        let health = Health::default()
            .with("postgres", pool.clone(), Pool::probe)
            .with("redis", counters.clone(), SharedCounters::probe);
        let accounts = Accounts {
            pool,
            attempts: Attempts::new(counters),
            quotas: self.quotas,
            passwords: Passwords::start(self.hashing)?,
            keys: self.keys,
            clock: clock.clone(),
        };
        let verifier = Verifier::fixed(KeySet::new(accounts.public_keys().clone()), clock);

        let kept = accounts.clone();
        lifecycle.keep_house(move || {
            kept.pool.observe();
            kept.attempts.forget_old();
        });
        let (accounts, verifier) = (Data::new(accounts), Data::new(verifier));
        serve(listeners.public, &self.http, &lifecycle, move |app| {
            app.app_data(accounts.clone()).app_data(verifier.clone());
            routes::public(app);
        })?;
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
        Ok(())
    }
}
