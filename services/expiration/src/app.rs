//! expiration, put together: tests start what production starts.

use std::time::Duration;

use ticketing_http::{Listeners, Parts, Service, server::serve_admin};
use ticketing_messaging::{
    connection::{RedisSettings, check_when_up},
    consumer::{Consumer, ConsumerSettings},
};
use ticketing_runtime::Health;
use tokio_util::sync::CancellationToken;

use crate::{
    SERVICE, bell::Bell, catch_up::caught_up, config::Serve, connection::Connection,
    dead_letters::DeadLetters, deadlines, listener::Listener, publisher::Publisher, upkeep::Upkeep,
};

/// expiration, which listens on its port but does nothing yet.
pub type Application = ticketing_http::Application<Serve>;

impl Service for Serve {
    type Public = ();

    fn listen(&self) -> anyhow::Result<Listeners<()>> {
        Listeners::bind_admin(&self.admin_address)
    }

    fn shutdown_deadline(&self) -> Duration {
        self.shutdown_deadline
    }

    fn start(self, parts: Parts<()>) -> anyhow::Result<()> {
        let Parts {
            clock,
            listeners,
            lifecycle,
            metrics,
        } = parts;
        let connection = Connection::new(self.redis.clone());
        let health = Health::default().with("redis", connection.clone(), Connection::probe);
        let (schedule, bell) = (deadlines::schedule(&self.redis), Bell::new());
        let listener = Listener {
            connection: connection.clone(),
            schedule: schedule.clone(),
            dead_letters: DeadLetters::new(&self.redis),
            bell: bell.clone(),
            clock: clock.clone(),
        };
        let publisher = Publisher {
            connection: connection.clone(),
            schedule,
            bell,
            clock: clock.clone(),
            batch: self.batch,
        };
        let settings = ConsumerSettings::new(SERVICE, self.instance.clone());
        let consumer = Consumer::new(self.redis.clone(), settings, clock.clone(), listener);
        let upkeep = Upkeep::new(connection, &self.redis, clock);

        let soft = || lifecycle.soft().clone();
        lifecycle.spawn(consumer.run(soft()));
        lifecycle.spawn(upkeep.run(soft()));
        lifecycle.spawn(soft().run_until_cancelled_owned(check_when_up(self.redis.clone())));
        lifecycle.spawn(publish(publisher, self.redis, self.instance, soft()));
        serve_admin(listeners.admin, &health, &metrics, &lifecycle, |_| {})?;
        Ok(())
    }
}

/// Once what is overdue is known.
async fn publish(
    publisher: Publisher,
    redis: RedisSettings,
    instance: String,
    soft: CancellationToken,
) {
    let caught_up = caught_up(&publisher.connection, &redis, &instance);
    _ = soft.run_until_cancelled(caught_up).await;
    publisher.run(soft).await;
}
