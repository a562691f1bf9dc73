//! A stream has events that not every group hears.

use std::sync::{Arc, Mutex};

use ticketing_contracts::{
    events::{OrderEvent, orders::Inventory},
    ids::{OrderId, TicketId, UserId},
    money::Currency,
    order::OrderStatus,
};
use ticketing_messaging::{
    Delivery, Envelope,
    consumer::{Consumer, ConsumerSettings, Effect, Failure},
    dead_letter::Letter,
    outbox,
    relay::Relay,
    stream::Fenced,
};

use crate::harness::World;

#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<Delivery<OrderEvent>>>>);

impl Effect for Heard {
    type Event = OrderEvent;

    async fn apply(&self, batch: &[Delivery<OrderEvent>]) -> Result<(), Failure> {
        self.0.lock().unwrap().extend_from_slice(batch);
        Ok(())
    }

    async fn bury(&self, letter: &Letter) -> Result<(), Failure> {
        panic!("{letter:?}")
    }
}

/// tickets hears of stock, and not of orders: those are acknowledged without being handled.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_others_is_acknowledged_at_once() {
    let world = World::new().await;
    let now = world.clock.now();
    let order = ticketing_contracts::events::orders::Order {
        id: OrderId::new(now),
        version: 1,
        user_id: UserId::new(now),
        status: OrderStatus::Created,
        reason: None,
        expires_at: now,
        release_at: now,
        items: Vec::new(),
        total: 1,
        currency: Currency::USD,
        created_at: now,
    };
    let inventory = Inventory {
        ticket_id: TicketId::new(now),
        version: 1,
        ticket_version: 1,
        capacity: 1,
        held: 0,
        sold: 0,
        next_release_at: None,
        order_id: None,
    };
    let events = [
        OrderEvent::Created(order.clone()),
        OrderEvent::InventoryUpdated(inventory),
        OrderEvent::Cancelled(order),
    ];
    let events: Vec<_> = events
        .iter()
        .map(|event| Envelope::of(event, now).unwrap())
        .collect();
    let connection = world.pool.get().await.unwrap();
    outbox::append_all(&connection, &events).await.unwrap();

    let relay = Relay::new::<OrderEvent>(
        world.settings.clone(),
        world.redis.clone(),
        world.clock.clone(),
    );
    let mut leader = relay.take_the_lead(Fenced::new).await.unwrap().unwrap();
    assert_eq!(leader.publish().await.unwrap(), 3);

    let heard = Heard::default();
    let settings = ConsumerSettings::new("tickets", "a");
    let clock = world.clock.clone();
    let consumer = Consumer::new(world.redis.clone(), settings, clock, heard.clone());
    consumer.catch_up().await.unwrap();
    let kinds: Vec<_> = heard
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|one| one.envelope.kind.clone())
        .collect();
    assert_eq!(kinds, ["inventory:updated"]);
    let pending: redis::Value = redis::cmd("XPENDING")
        .arg(world.redis.key("orders"))
        .arg("tickets")
        .query_async(&mut world.connection().await)
        .await
        .unwrap();
    assert!(format!("{pending:?}").contains("int(0)"), "{pending:?}");
}
