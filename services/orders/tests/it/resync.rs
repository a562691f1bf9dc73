//! `orders resync`: all of it once more.

use ticketing_contracts::{events::OrderEvent, order::OrderStatus};
use ticketing_testkit::eventually;

use crate::{
    harness::World,
    internal::{lease, pay},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_and_every_open_order() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket, seat) = (world.user(), world.offered(9).await, world.offered(1).await);
    let open = app.placed(&ann, ticket).await;
    let leased = app.placed(&ann, ticket).await;
    lease(&app, &ann, leased.id).await;
    let paid = app.placed(&ann, seat).await;
    pay(&app, paid.id).await;
    let cancelled = app.placed(&ann, ticket).await;
    app.cancel(&ann, cancelled.id).await;
    let unstamped = "SELECT count(*) FROM outbox WHERE stamp IS NULL";
    eventually("all is published", async || {
        (world.number(unstamped).await == 0).then_some(())
    })
    .await;
    let before = world.published().await.len();

    orders::resync::run(&world.settings).await.unwrap();
    let again = eventually("all is published again", async || {
        let events = world.published().await;
        (events.len() == before + 4).then(|| events[before..].to_vec())
    })
    .await;
    let mut orders = Vec::new();
    for event in again {
        match event {
            OrderEvent::InventoryUpdated(stock) => {
                assert_eq!(stock, app.inventory(stock.ticket_id).await);
            }
            OrderEvent::Created(order) => orders.push((order.id, order.status, order.version)),
            OrderEvent::Updated(order) => orders.push((order.id, order.status, order.version)),
            other => panic!("{other:?}"),
        }
    }
    orders.sort_unstable_by_key(|(_, _, version)| *version);
    let expected = [
        (open.id, OrderStatus::Created, 1),
        (leased.id, OrderStatus::AwaitingPayment, 2),
    ];
    assert_eq!(orders, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_nothing() {
    let world = World::new().await;
    orders::resync::run(&world.settings).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM outbox").await, 0);
}
