//! The listener of the stream `expirations`.

use ticketing_contracts::{
    api::orders::Order,
    events::{ExpirationEvent, OrderEvent, expirations::ExpirationComplete},
    ids::OrderId,
    order::{CancelReason, OrderStatus},
};
use ticketing_testkit::eventually;

use crate::{
    harness::{App, User, World, now},
    internal::{lease, pay},
};

fn deadline(order: &Order) -> ExpirationEvent {
    ExpirationEvent::Complete(ExpirationComplete {
        order_id: order.id,
        release_at: order.expires_at,
    })
}

async fn expired(app: &App, user: &User, order: OrderId) -> Order {
    eventually("the order is cancelled", async || {
        let order = app.show(user, order).await;
        (order.status == OrderStatus::Cancelled).then_some(order)
    })
    .await
}

/// Waits until all that was published so far has been handled: an order of its own is.
async fn caught_up(app: &App, world: &World) {
    let (user, ticket) = (world.user(), world.offered(1).await);
    let mark = app.placed(&user, ticket).await;
    world.publish(&deadline(&mark)).await;
    expired(app, &user, mark.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_time_is_over() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    for _ in 0..2 {
        world.publish(&deadline(&order)).await;
    }
    let cancelled = expired(&app, &ann, order.id).await;
    assert_eq!(
        (cancelled.reason, cancelled.version),
        (Some(CancelReason::Expired), 2)
    );
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
    eventually("all are told, once", async || {
        let events = world.published().await;
        let told = events.iter().filter(|event| matches!(event, OrderEvent::Cancelled(_)));
        let free = |event: &OrderEvent| {
            matches!(event, OrderEvent::InventoryUpdated(stock) if stock.version > 2 && stock.held == 0)
        };
        (told.count() == 1 && events.iter().any(free)).then_some(())
    })
    .await;
    app.placed(&world.user(), ticket).await;
}

/// Of an order that was given more time meanwhile, say.
#[tokio::test(flavor = "multi_thread")]
async fn another_deadline_means_nothing() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    let mut other = order.clone();
    other.expires_at -= chrono::TimeDelta::milliseconds(1);
    world.publish(&deadline(&other)).await;
    caught_up(&app, &world).await;
    assert_eq!(app.show(&ann, order.id).await, order);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_or_paid_or_unknown_stays_so() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(9).await);
    let [cancelled, paid, mut unknown] = [
        app.placed(&ann, ticket).await,
        app.placed(&ann, ticket).await,
        app.placed(&ann, ticket).await,
    ];
    app.cancel(&ann, cancelled.id).await;
    pay(&app, paid.id).await;
    unknown.id = OrderId::new(now());
    for order in [&cancelled, &paid, &unknown] {
        world.publish(&deadline(order)).await;
    }
    caught_up(&app, &world).await;
    let cancelled = app.show(&ann, cancelled.id).await;
    assert_eq!(cancelled.reason, Some(CancelReason::Buyer));
    assert_eq!(app.show(&ann, paid.id).await.status, OrderStatus::Complete);
    assert_eq!(world.stock(ticket).await, (9, 1, 1));
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// A payment is under way, and its lease is over as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_time_is_over() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    lease(&app, &ann, order.id).await;
    world.publish(&deadline(&order)).await;
    expired(&app, &ann, order.id).await;
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_over_tickets_that_are_being_ordered() {
    let world = World::new().await;
    let (app, _other) = (world.start().await, world.start().await);
    let ann = world.user();
    let tickets = [world.offered(500).await, world.offered(500).await];
    let mut orders = Vec::new();
    for _ in 0..100 {
        let both = crate::harness::several(&[(tickets[0], 1), (tickets[1], 2)]);
        let order = app.order(&ann, &both).await;
        orders.push(crate::harness::created(order).await);
    }
    for order in &orders {
        world.publish(&deadline(order)).await;
        app.placed(&ann, tickets[1]).await;
    }
    eventually("all are over", async || {
        let over = "SELECT count(*) FROM orders WHERE reason = 'expired'";
        (world.number(over).await == 100).then_some(())
    })
    .await;
    assert_eq!(world.stock(tickets[0]).await, (500, 0, 0));
    assert_eq!(world.stock(tickets[1]).await, (500, 100, 0));
    assert_eq!(world.wrong_books().await, 0);
}
