//! `Idempotency-Key`: a request that is repeated is one request.

use std::collections::BTreeSet;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use ticketing_contracts::order::OrderStatus;

use crate::harness::{App, User, World, all, created, one, problem};

async fn with_key(app: &App, user: &User, key: &str, body: &Value) -> Response {
    let request = app.ordering(user, body).header("idempotency-key", key);
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_order_of_the_first() {
    let world = World::new().await;
    let (app, other) = (world.start().await, world.start().await);
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let first = created(with_key(&app, &ann, "k", &one(ticket)).await).await;
    // The ticket is held by now: by this order.
    let same = json!({"items": [{"ticketId": ticket, "quantity": 1}]});
    for instance in [&app, &other] {
        let again = created(with_key(instance, &ann, "k", &same).await).await;
        assert_eq!(again, first);
    }
    assert_eq!(world.stock(ticket).await, (1, 1, 0));

    // What became of it since is told as well; a new order it is not.
    assert_eq!(
        app.cancel(&ann, first.id).await.status(),
        StatusCode::NO_CONTENT
    );
    let again = created(with_key(&app, &ann, "k", &one(ticket)).await).await;
    assert_eq!((again.id, again.status), (first.id, OrderStatus::Cancelled));
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_is_refused() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(9).await);
    created(with_key(&app, &ann, "k", &one(ticket)).await).await;
    for body in [
        json!({"ticketId": ticket, "quantity": 2}),
        json!({"ticketId": ticket, "price": 10.5}),
        one(world.offered(1).await),
    ] {
        let refused = with_key(&app, &ann, "k", &body).await;
        let message = problem(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(message, "The Idempotency-Key was used for another order");
    }
    assert_eq!(world.stock(ticket).await, (9, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_each_buyers_own() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(9).await;
    let (ann, bob) = (world.user(), world.user());
    let first = created(with_key(&app, &ann, "k", &one(ticket)).await).await;
    let others = created(with_key(&app, &bob, "k", &one(ticket)).await).await;
    let second = created(with_key(&app, &ann, "l", &one(ticket)).await).await;
    let ids = BTreeSet::from([first.id, others.id, second.id]);
    assert_eq!(ids.len(), 3);
}

/// A key is used up by an order, not by a refusal: the next try may succeed.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_kept() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob, ticket) = (world.user(), world.user(), world.offered(1).await);
    let first = app.placed(&bob, ticket).await;
    let refused = with_key(&app, &ann, "k", &one(ticket)).await;
    problem(refused, StatusCode::CONFLICT).await;
    app.cancel(&bob, first.id).await;
    created(with_key(&app, &ann, "k", &one(ticket)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_at_once_on_two_instances_are_one_order() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let (ann, ticket) = (world.user(), world.offered(100).await);
    for round in 0..5 {
        let key = format!("round {round}").replace(' ', "-");
        let requests = (0..40).map(|turn| {
            let request = apps[turn % 2].ordering(&ann, &one(ticket));
            request.header("idempotency-key", &key).send()
        });
        let mut ids = BTreeSet::new();
        for answer in all(requests.collect::<Vec<_>>()).await {
            ids.insert(created(answer.unwrap()).await.id);
        }
        assert_eq!(ids.len(), 1);
        assert_eq!(world.stock(ticket).await, (100, round + 1, 0));
    }
    assert_eq!(world.wrong_books().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_can_not_be_kept() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    for key in ["", "a b", &"x".repeat(256)] {
        let refused = with_key(&app, &world.user(), key, &one(ticket)).await;
        problem(refused, StatusCode::BAD_REQUEST).await;
    }
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
}
