//! What runs beside the requests: the relay, the listeners, and the upkeep of what they need.

use ticketing_contracts::events::{Event, ExpirationEvent, OrderEvent, PaymentEvent, TicketEvent};
use ticketing_messaging::{
    Wake,
    connection::{RedisSettings, check_when_up},
    consumer::{Consumer, ConsumerSettings},
    inbox::{Handler, Inbox},
    relay::Relay,
    resync::resync,
    upkeep::Upkeep,
};
use ticketing_postgres::{DatabaseSettings, Pool};
use ticketing_runtime::{Clock, Lifecycle};

use crate::{
    SERVICE, listeners,
    reservation::{Manner, Reservations},
    resync::OpenOrders,
};

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
    /// How listeners change orders and stock.
    pub manner: Manner,
    /// The time.
    pub clock: Clock,
}

impl Messaging {
    /// Starts the relay; it ends with the lifecycle's soft token. Returns what wakes it.
    pub fn publish(&self, lifecycle: &Lifecycle) -> Wake {
        let relay = self.relay();
        let wake = relay.wake();
        lifecycle.spawn(relay.run(self.pool.clone(), lifecycle.soft().clone()));
        wake
    }

    /// Starts the rest, which ends likewise. `wake` wakes the relay.
    pub fn listen(self, wake: &Wake, reservations: Reservations, lifecycle: &Lifecycle) {
        let soft = || lifecycle.soft().clone();
        let tickets = listeners::Tickets::new(self.manner, wake.clone());
        lifecycle.spawn(self.consumer(tickets).run(soft()));
        let expirations = listeners::Expirations::new(self.manner, wake.clone());
        lifecycle.spawn(self.consumer(expirations).run(soft()));
        let payments = listeners::Payments::new(reservations);
        lifecycle.spawn(self.consumer(payments).run(soft()));

        let upkeep = Upkeep {
            pool: self.pool.clone(),
            redis: self.redis.clone(),
            streams: vec![
                TicketEvent::STREAM,
                ExpirationEvent::STREAM,
                PaymentEvent::STREAM,
            ],
            clock: self.clock.clone(),
        };
        lifecycle.spawn(upkeep.run(soft()));
        let redis = self.redis;
        lifecycle.spawn(soft().run_until_cancelled_owned(check_when_up(redis)));
    }

    fn relay(&self) -> Relay {
        let (pool, clock) = (self.pool.clone(), self.clock.clone());
        Relay::new::<OrderEvent>(
            self.database.clone(),
            self.redis.clone(),
            self.clock.clone(),
        )
        // Deadlines live in Redis alone.
        .on_wipe(move || {
            let (pool, clock) = (pool.clone(), clock.clone());
            async move {
                let orders = resync(&pool, &clock, &OpenOrders).await?;
                tracing::info!(orders, "every open order is published again");
                Ok(())
            }
        })
    }

    fn consumer<H: Handler>(&self, handler: H) -> Consumer<Inbox<H>> {
        let settings = ConsumerSettings::new(SERVICE, self.instance.clone());
        let inbox = Inbox::new(self.pool.clone(), SERVICE, handler);
        Consumer::new(self.redis.clone(), settings, self.clock.clone(), inbox)
    }
}
