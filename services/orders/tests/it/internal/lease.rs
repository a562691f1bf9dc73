//! `POST /internal/orders/{id}/lease` and `…/give-back`

use reqwest::StatusCode;
use serde_json::json;
use ticketing_contracts::{events::OrderEvent, ids::OrderId, order::OrderStatus};
use ticketing_testkit::eventually;

use super::{ask, lease, pay};
use crate::harness::{User, World, now, problem};

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
        let path = format!("/orders/{}/give-back", order.id);
        let given = ask(&app, &path, json!({"lease": number})).await;
        assert_eq!(given.status(), StatusCode::NO_CONTENT);
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
    let ask_for = async |order: OrderId, user: &User| {
        let body = json!({"userId": user.id, "byHand": true});
        ask(&app, &format!("/orders/{order}/lease"), body).await
    };
    let open = app.placed(&ann, ticket).await.id;
    problem(ask_for(open, &world.user()).await, StatusCode::FORBIDDEN).await;
    problem(
        ask_for(OrderId::new(now()), &ann).await,
        StatusCode::NOT_FOUND,
    )
    .await;

    let over = app.placed(&ann, ticket).await.id;
    world.let_expire(over).await;
    let message = problem(ask_for(over, &ann).await, StatusCode::CONFLICT).await;
    assert_eq!(message, "The order has expired");
    let cancelled = app.placed(&ann, ticket).await.id;
    app.cancel(&ann, cancelled).await;
    let message = problem(ask_for(cancelled, &ann).await, StatusCode::CONFLICT).await;
    assert_eq!(message, "The order is cancelled");
    pay(&app, open).await;
    let message = problem(ask_for(open, &ann).await, StatusCode::CONFLICT).await;
    assert_eq!(message, "The order is complete");
}
