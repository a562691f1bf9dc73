//! Leases: asked for, and given back.

use reqwest::StatusCode;
use ticketing_contracts::{
    events::OrderEvent,
    ids::OrderId,
    internal::{OrderAnswer, Wish},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use super::{lease, leasing, pay, refused, wish};
use crate::harness::{User, World, now};

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_keeps_the_tickets() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    let first = lease(&app, &ann, order.id).await;
    assert_eq!((first.number, first.amount), (1, 10_50));
    assert_eq!(first.release_at, order.expires_at, "there was time enough");
    let leased = app.show(&ann, order.id).await;
    assert_eq!(
        (leased.status, leased.version),
        (OrderStatus::AwaitingPayment, 2)
    );
    let second = lease(&app, &ann, order.id).await;
    assert_eq!(second.number, 2);

    // Not by its number: a second attempt is under way.
    for (number, status) in [(1, OrderStatus::AwaitingPayment), (2, OrderStatus::Created)] {
        let given = wish(&app, order.id, Wish::GiveBack { lease: number }).await;
        assert_eq!(given, OrderAnswer::GivenBack);
        assert_eq!(app.show(&ann, order.id).await.status, status);
    }
    eventually("expiration is told each time", async || {
        let events = world.published().await;
        let told = events
            .iter()
            .filter(|event| matches!(event, OrderEvent::Updated(_)));
        (told.count() == 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_no_lease() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let ticket = world.offered(9).await;
    let ask_for = async |order: OrderId, user: &User| wish(&app, order, leasing(user)).await;
    let open = app.placed(&ann, ticket).await.id;
    refused(ask_for(open, &world.user()).await, StatusCode::FORBIDDEN);
    let unknown = OrderId::new(now());
    refused(ask_for(unknown, &ann).await, StatusCode::NOT_FOUND);
    let given = wish(&app, unknown, Wish::GiveBack { lease: 1 }).await;
    refused(given, StatusCode::NOT_FOUND);

    let over = app.placed(&ann, ticket).await.id;
    world.let_expire(over).await;
    let message = refused(ask_for(over, &ann).await, StatusCode::CONFLICT);
    assert_eq!(message, "The order has expired");
    let cancelled = app.placed(&ann, ticket).await.id;
    app.cancel(&ann, cancelled).await;
    let message = refused(ask_for(cancelled, &ann).await, StatusCode::CONFLICT);
    assert_eq!(message, "The order is cancelled");
    pay(&app, open).await;
    let message = refused(ask_for(open, &ann).await, StatusCode::CONFLICT);
    assert_eq!(message, "The order is complete");
}
