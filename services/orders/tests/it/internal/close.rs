//! `POST /internal/tickets/{id}/close`

use reqwest::StatusCode;

use super::ask;
use crate::harness::{World, one, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.ticket(5));
    world.offer(&ticket).await;
    let order = app.placed(&ann, ticket.id).await;
    let path = format!("/tickets/{}/close", ticket.id);
    let close = async || ask(&app, &path, serde_json::to_value(&ticket).unwrap()).await;
    let message = problem(close().await, StatusCode::CONFLICT).await;
    assert_eq!(message, "1 are reserved and 0 are sold");
    app.cancel(&ann, order.id).await;
    for _ in 0..2 {
        assert_eq!(close().await.status(), StatusCode::NO_CONTENT);
    }
    let refused = app.order(&ann, &one(ticket.id)).await;
    problem(refused, StatusCode::NOT_FOUND).await;
    assert_eq!(world.neighbours.asked(), 0);
}

/// A hold that is over does not keep a ticket from being withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_after_the_last_hold() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(5);
    world.offer(&ticket).await;
    let order = app.placed(&world.user(), ticket.id).await;
    world.let_expire(order.id).await;
    let path = format!("/tickets/{}/close", ticket.id);
    let closed = ask(&app, &path, serde_json::to_value(&ticket).unwrap()).await;
    assert_eq!(closed.status(), StatusCode::NO_CONTENT);
}

/// tickets withdraws what orders has never heard of.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_comes_first() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(5);
    let path = format!("/tickets/{}/close", ticket.id);
    let closed = ask(&app, &path, serde_json::to_value(&ticket).unwrap()).await;
    assert_eq!(closed.status(), StatusCode::NO_CONTENT);
    let refused = app.order(&world.user(), &one(ticket.id)).await;
    problem(refused, StatusCode::NOT_FOUND).await;
    let another = serde_json::to_value(world.ticket(5)).unwrap();
    let refused = ask(&app, &path, another).await;
    problem(refused, StatusCode::BAD_REQUEST).await;
}
