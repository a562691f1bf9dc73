//! `POST /api/orders`

use reqwest::{Method, StatusCode};
use serde_json::json;
use ticketing_contracts::{
    events::OrderEvent,
    ids::{OrderId, TicketId},
    money::{Currency, MajorUnits},
    order::{CancelReason, OrderStatus},
};
use ticketing_testkit::eventually;

use crate::harness::{World, created, now, one, problem, several};

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let before = now();
    let order = app.placed(&ann, ticket).await;
    assert_eq!(order.user_id, ann.id);
    assert_eq!(order.status, OrderStatus::Created);
    assert_eq!(
        (order.version, order.reason, order.payment.is_none()),
        (1, None, true)
    );
    assert_eq!(order.total, MajorUnits::from_minor(10_50, Currency::USD));
    assert_eq!((order.items.len(), order.items[0].quantity), (1, 1));
    assert_eq!(order.ticket.id, ticket);
    assert_eq!(
        (order.ticket.title.as_str(), order.ticket.version),
        ("Concert", 1)
    );
    let held = order.expires_at - order.created_at;
    assert_eq!(held, chrono::TimeDelta::minutes(15));
    assert!((before..=now()).contains(&order.created_at));
    assert_eq!(world.stock(ticket).await, (1, 1, 0));
    assert_eq!(app.inventory(ticket).await.order_id, Some(order.id));

    let bob = world.user();
    let refused = app.order(&bob, &one(ticket)).await;
    let message = problem(refused, StatusCode::CONFLICT).await;
    assert_eq!(message, "Ticket is already reserved");
    // The one who has it gets no second one.
    let refused = app.order(&ann, &one(ticket)).await;
    problem(refused, StatusCode::CONFLICT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_published() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(3).await;
    let body = json!({"ticketId": ticket, "quantity": 2});
    let order = created(app.order(&world.user(), &body).await).await;
    let (held, release_at) = eventually("both events are published", async || {
        let events = world.published().await;
        let release_at = events.iter().find_map(|event| match event {
            OrderEvent::Created(created) if created.id == order.id => Some(created.release_at),
            _ => None,
        })?;
        let held = events.iter().find_map(|event| match event {
            OrderEvent::InventoryUpdated(stock) if stock.held > 0 => Some(stock.clone()),
            _ => None,
        })?;
        Some((held, release_at))
    })
    .await;
    assert_eq!(release_at, order.expires_at);
    assert_eq!((held.capacity, held.held, held.sold), (3, 2, 0));
    assert_eq!(held.next_release_at, Some(order.expires_at));
    assert_eq!(held, app.inventory(ticket).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tickets_or_none() {
    let world = World::new().await;
    let app = world.start().await;
    let (a, b) = (world.offered(5).await, world.offered(2).await);
    let order = app.order(&world.user(), &several(&[(b, 2), (a, 3)])).await;
    let order = created(order).await;
    assert_eq!(
        order.total,
        MajorUnits::from_minor(5 * 10_50, Currency::USD)
    );
    let items: Vec<_> = order
        .items
        .iter()
        .map(|i| (i.ticket_id, i.quantity))
        .collect();
    assert_eq!(
        items,
        [(b, 2), (a, 3)],
        "in the order in which they were asked for"
    );
    assert_eq!(order.ticket.id, b);

    // Of a there are two left, of b none: nothing is held.
    let refused = app.order(&world.user(), &several(&[(a, 1), (b, 1)])).await;
    problem(refused, StatusCode::CONFLICT).await;
    assert_eq!(world.stock(a).await, (5, 3, 0));
    assert_eq!(world.stock(b).await, (2, 2, 0));
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_with_a_session() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    let request = app.request(Method::POST, "/api/orders").json(&one(ticket));
    let message = problem(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    assert_eq!(message, "Not authorized");
    let cookie = format!("session={}", world.user().session);
    let request = app.request(Method::POST, "/api/orders").json(&one(ticket));
    created(request.header("cookie", cookie).send().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_never_put_up() {
    let world = World::new().await;
    let app = world.start().await;
    let nothing = TicketId::new(now());
    let refused = app.order(&world.user(), &one(nothing)).await;
    assert_eq!(problem(refused, StatusCode::NOT_FOUND).await, "Not found");
}

/// Nothing frees a hold but the next who wants it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_over_is_anybodys() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let (a, b) = (world.offered(1).await, world.offered(1).await);
    let first = created(app.order(&ann, &several(&[(a, 1), (b, 1)])).await).await;
    world.let_expire(first.id).await;

    let second = app.placed(&bob, a).await;
    assert_ne!(second.id, first.id);
    let first = app.show(&ann, first.id).await;
    assert_eq!(first.status, OrderStatus::Cancelled);
    assert_eq!(first.reason, Some(CancelReason::Expired));
    // Its other ticket is free as well.
    assert_eq!(world.stock(b).await, (1, 0, 0));
    assert_eq!(world.wrong_books().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_holds_that_are_over_are_ended() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(3).await;
    let orders: Vec<OrderId> = vec![
        app.placed(&world.user(), ticket).await.id,
        app.placed(&world.user(), ticket).await.id,
        app.placed(&world.user(), ticket).await.id,
    ];
    for order in &orders[..2] {
        world.let_expire(*order).await;
    }
    created(app.order(&world.user(), &several(&[(ticket, 2)])).await).await;
    assert_eq!(world.stock(ticket).await, (3, 3, 0));
    let open = "SELECT count(*) FROM orders WHERE status = 'created'";
    assert_eq!(world.number(open).await, 2);
    assert_eq!(world.wrong_books().await, 0);
}
