//! `GET /api/orders/{id}`

use reqwest::{Method, StatusCode};
use ticketing_contracts::ids::OrderId;

use crate::harness::{World, created, now, problem, several};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_as_it_was_placed() {
    let world = World::new().await;
    let (app, other) = (world.start().await, world.start().await);
    let ann = world.user();
    let items = [(world.offered(9).await, 2), (world.offered(9).await, 3)];
    let placed = created(app.order(&ann, &several(&items)).await).await;
    // On another instance: what was answered 201 is there.
    assert_eq!(other.show(&ann, placed.id).await, placed);
}

/// What was ordered stays as it was, whatever its seller does.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_does_not_change_it() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, mut ticket) = (world.user(), world.ticket(9));
    world.offer(&ticket).await;
    let placed = app.placed(&ann, ticket.id).await;
    (ticket.version, ticket.price, ticket.title) = (2, 99_00, "Another".to_owned());
    world.offer(&ticket).await;
    assert_eq!(app.show(&ann, placed.id).await, placed);
    let later = app.placed(&ann, ticket.id).await;
    assert_eq!(
        (later.ticket.title.as_str(), later.ticket.version),
        ("Another", 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_to_its_buyer() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    let path = format!("/api/orders/{}", order.id);
    let refused = app.get(&world.user(), &path).await;
    assert_eq!(
        problem(refused, StatusCode::FORBIDDEN).await,
        "Not your order"
    );
    let request = app.request(Method::GET, &path);
    problem(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_order() {
    let world = World::new().await;
    let app = world.start().await;
    let unknown = OrderId::new(now()).to_string();
    for id in [
        unknown.as_str(),
        "7",
        "order",
        "%00",
        "018bcfe5-687b-7000-8000",
    ] {
        let refused = app.get(&world.user(), &format!("/api/orders/{id}")).await;
        assert_eq!(problem(refused, StatusCode::NOT_FOUND).await, "Not found");
    }
}
