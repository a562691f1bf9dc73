//! How many one may have.

use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{World, all, created, one, problem, several};

#[rstest]
#[case::more_than_are_left(2, "Only 1 left")]
#[case::many_more(1_000, "Only 1 left")]
#[tokio::test(flavor = "multi_thread")]
async fn how_many_are_left(#[case] quantity: i32, #[case] expected: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(3).await;
    created(app.order(&world.user(), &several(&[(ticket, 2)])).await).await;
    let refused = app
        .order(&world.user(), &several(&[(ticket, quantity)]))
        .await;
    assert_eq!(problem(refused, StatusCode::CONFLICT).await, expected);
    app.placed(&world.user(), ticket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sold_out_is_said_when_nothing_can_come_back() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(2).await);
    let order = created(app.order(&ann, &several(&[(ticket, 2)])).await).await;
    let refused = app.order(&ann, &one(ticket)).await;
    let message = problem(refused, StatusCode::CONFLICT).await;
    assert_eq!(message, "All are reserved at the moment");
    crate::internal::pay(&app, order.id).await;
    let refused = app.order(&ann, &one(ticket)).await;
    assert_eq!(problem(refused, StatusCode::CONFLICT).await, "Sold out");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_in_one_order_and_of_one_person() {
    let world = World::new().await;
    let app = world.start().await;
    let mut ticket = world.ticket(100);
    (ticket.max_per_order, ticket.max_per_person) = (Some(3), Some(4));
    world.offer(&ticket).await;
    let (ann, bob) = (world.user(), world.user());

    let refused = app.order(&ann, &several(&[(ticket.id, 4)])).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let refused: Value = refused.json().await.unwrap();
    let expected = json!([{"message": "At most 3 in one order", "field": "quantity"}]);
    assert_eq!(refused["errors"], expected);

    let first = created(app.order(&ann, &several(&[(ticket.id, 3)])).await).await;
    let refused = app.order(&ann, &several(&[(ticket.id, 2)])).await;
    let message = problem(refused, StatusCode::CONFLICT).await;
    assert_eq!(message, "At most 4 per person, and you have 3");
    app.placed(&ann, ticket.id).await;
    // Others have their own.
    created(app.order(&bob, &several(&[(ticket.id, 3)])).await).await;
    // What was cancelled does not count.
    assert_eq!(
        app.cancel(&ann, first.id).await.status(),
        StatusCode::NO_CONTENT
    );
    created(app.order(&ann, &several(&[(ticket.id, 3)])).await).await;
}

/// Counted under the lock: of many at once only as many succeed as one may have.
#[tokio::test(flavor = "multi_thread")]
async fn the_most_of_one_person_holds_for_requests_at_once() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let mut ticket = world.ticket(100);
    ticket.max_per_person = Some(4);
    world.offer(&ticket).await;
    let ann = world.user();
    let requests = (0..40).map(|turn| apps[turn % 2].ordering(&ann, &one(ticket.id)).send());
    let answers = all(requests.collect::<Vec<_>>()).await;
    let created = answers.into_iter().map(|answer| answer.unwrap().status());
    let created = created
        .filter(|status| *status == StatusCode::CREATED)
        .count();
    assert_eq!(created, 4);
    assert_eq!(world.stock(ticket.id).await, (100, 4, 0));
}
