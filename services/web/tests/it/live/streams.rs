//! Says what the services would say, in streams of the test's own.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use redis::{aio::MultiplexedConnection, cmd};
use ticketing_contracts::{
    events::{
        Event, OrderEvent, PaymentEvent, TicketEvent,
        orders::{Inventory, Order},
        payments::Payment,
        tickets::Ticket,
    },
    ids::{OrderId, PaymentId, TicketId, UserId},
    money::Currency,
    order::OrderStatus,
};
use ticketing_messaging::{
    Envelope, Stamp,
    connection::RedisSettings,
    stream::{Appended, Fenced, Journal},
};
use ticketing_testkit::{ManualClock, Redis, connect_patiently, eventually};

use super::{Listener, listener::Ask};
use crate::harness::{App, Builder, User};

const STREAMS: [&str; 3] = ["tickets", "orders", "payments"];

/// Streams, and the time of the instances that hear them.
pub struct Streams {
    pub redis: RedisSettings,
    pub clock: ManualClock,
    /// The last number that an entry was given.
    last: AtomicI64,
}

impl Streams {
    /// In the Redis that all tests share.
    pub fn new() -> Self {
        Self::on(Redis::shared())
    }

    /// In this one.
    pub fn on(redis: &Redis) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let clock = ManualClock::now();
        Self {
            redis: RedisSettings {
                url: redis.url(),
                password: None,
                prefix: format!("live{}:", NEXT.fetch_add(1, Ordering::Relaxed)),
            },
            last: AtomicI64::new(Stamp::at(clock.clock().now()).number()),
            clock,
        }
    }

    /// An instance that hears them, when it does.
    pub async fn start(&self) -> App {
        let app = Builder::new()
            .redis(self.redis.clone())
            .clock(self.clock.clock())
            .start();
        eventually("it hears", async || {
            // Before that it has no place to come back to.
            let mut answer = Ask::default().of(&app).await;
            let first = answer.chunk().await.unwrap().unwrap();
            String::from_utf8_lossy(&first)
                .contains("id: ")
                .then_some(())
        })
        .await;
        app
    }

    /// Waits until an instance has heard everything that was said.
    pub async fn heard_by(&self, app: &App) {
        let mut ends = Vec::new();
        for stream in STREAMS {
            let key = self.redis.key(stream);
            let last = Fenced::new(self.connection().await, key)
                .last()
                .await
                .unwrap();
            ends.push(format!("{stream}={}", last.unwrap_or_default()));
        }
        let ends = ends.join(",");
        eventually("it has heard everything", async || {
            (Listener::to_tickets(app, &[]).await.place == ends).then_some(())
        })
        .await;
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.clock().now()
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        connect_patiently(&self.redis.url).await
    }

    /// Appends what a relay would.
    pub async fn say<E: Event>(&self, events: &[E]) {
        let key = self.redis.key(E::STREAM);
        let mut journal = Fenced::new(self.connection().await, key);
        let expected = journal.last().await.unwrap().unwrap_or_default();
        let entries: Vec<_> = events
            .iter()
            .map(|event| {
                let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
                let envelope = Envelope::of(event, self.now()).unwrap();
                (Stamp::from_number(number), envelope)
            })
            .collect();
        let appended = journal.append(expected, &entries).await.unwrap();
        assert_eq!(appended, Appended::All);
    }

    pub async fn stock(&self, inventory: &Inventory) {
        let event = OrderEvent::InventoryUpdated(inventory.clone());
        self.say(&[event]).await;
    }

    pub async fn order(&self, order: &Order) {
        self.say(&[OrderEvent::Updated(order.clone())]).await;
    }

    pub async fn payment_failed(&self, order: &Order, version: i64) {
        let payment = Payment {
            id: PaymentId::new(self.now()),
            order_id: order.id,
            user_id: order.user_id,
            amount: order.total,
            currency: order.currency,
            stripe_id: "pi_1".into(),
            version,
            reason: None,
        };
        self.say(&[PaymentEvent::Failed(payment)]).await;
    }

    /// The seller edits it. It is told at once, whatever else waits.
    pub async fn edit(&self, ticket: TicketId, version: i64) {
        self.say(&[TicketEvent::Updated(self.offer(ticket, version))])
            .await;
    }

    pub async fn put_up(&self) -> TicketId {
        let ticket = self.offer(self.ticket(), 1);
        let id = ticket.id;
        self.say(&[TicketEvent::Created(ticket)]).await;
        id
    }

    pub fn ticket(&self) -> TicketId {
        TicketId::new(self.now())
    }

    fn offer(&self, id: TicketId, version: i64) -> Ticket {
        Ticket {
            id,
            version,
            title: "Row 7".into(),
            price: 10_50,
            currency: Currency::USD,
            user_id: UserId::new(self.now()),
            capacity: 100,
            max_per_order: None,
            max_per_person: None,
        }
    }

    pub fn order_of(&self, user: &User) -> Order {
        let now = self.now();
        Order {
            id: OrderId::new(now),
            version: 1,
            user_id: user.id,
            status: OrderStatus::Created,
            reason: None,
            expires_at: now,
            release_at: now,
            items: Vec::new(),
            total: 10_50,
            currency: Currency::USD,
            created_at: now,
        }
    }

    /// Removes entries as a relay does, all but the last few.
    pub async fn trim<E: Event>(&self, keep: usize) {
        cmd("XTRIM")
            .arg(self.redis.key(E::STREAM))
            .arg("MAXLEN")
            .arg(keep)
            .query_async::<()>(&mut self.connection().await)
            .await
            .unwrap();
    }

    /// Loses all of it.
    pub async fn wipe(&self) {
        let keys = STREAMS.map(|stream| self.redis.key(stream));
        cmd("DEL")
            .arg(&keys[..])
            .query_async::<()>(&mut self.connection().await)
            .await
            .unwrap();
    }
}

/// A ticket of which so many are held.
pub fn held(ticket: TicketId, version: i64, held: i32) -> Inventory {
    Inventory {
        ticket_id: ticket,
        version,
        ticket_version: 1,
        capacity: 100,
        held,
        sold: 0,
        next_release_at: None,
        order_id: None,
    }
}

/// The next version of an order.
pub fn next(order: &Order) -> Order {
    Order {
        version: order.version + 1,
        ..order.clone()
    }
}
