//! What runs beside the requests: the relay, the listener, and the upkeep of what they need.

use std::sync::Arc;

use ticketing_contracts::events::{Event, OrderEvent, PaymentEvent};
use ticketing_messaging::{
    Wake,
    connection::{RedisSettings, check_when_up},
    consumer::{Consumer, ConsumerSettings},
    inbox::Inbox,
    relay::Relay,
    upkeep::Upkeep,
};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::{Clock, Lifecycle};
use tokio::sync::Notify;

use crate::{SERVICE, listeners};

/// What all of them need.
#[derive(Debug, Clone)]
pub struct Messaging {
    /// The schema, for the relay's own session.
    pub database: DatabaseSettings,
    /// The schema, for all others.
    pub pool: Pool,
    /// What carries.
    pub redis: RedisSettings,
    /// This instance's name among the consumers.
    pub instance: String,
    /// The time.
    pub clock: Clock,
    /// Says that a payment is due.
    pub bell: Arc<Notify>,
}

impl Messaging {
    /// Starts all of it; it ends with the lifecycle's soft token. Returns what wakes the relay.
    pub fn start(self, lifecycle: &Lifecycle) -> Wake {
        let soft = || lifecycle.soft().clone();
        let clock = || self.clock.clone();
        let relay = Relay::new::<PaymentEvent>(self.database.clone(), self.redis.clone(), clock());
        let wake = relay.wake();
        lifecycle.spawn(relay.run(self.pool.clone(), soft()));

        let orders = listeners::Orders::new(clock(), Arc::clone(&self.bell));
        let inbox = Inbox::new(self.pool.clone(), SERVICE, orders);
        let settings = ConsumerSettings::new(SERVICE, self.instance.clone());
        let consumer = Consumer::new(self.redis.clone(), settings, clock(), inbox);
        lifecycle.spawn(consumer.run(soft()));

        let upkeep = Upkeep {
            pool: self.pool.clone(),
            redis: self.redis.clone(),
            streams: vec![OrderEvent::STREAM],
            clock: clock(),
        };
        lifecycle.spawn(upkeep.run(soft()));
        lifecycle.spawn(soft().run_until_cancelled_owned(check_when_up(self.redis)));
        wake
    }
}
