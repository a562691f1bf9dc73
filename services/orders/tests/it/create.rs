//! `POST /api/orders`

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    events::OrderEvent,
    ids::{OrderId, TicketId},
    money::{Currency, MajorUnits},
    order::OrderStatus,
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
    let answers = crate::harness::all(requests.collect::<Vec<_>>()).await;
    let created = answers.into_iter().map(|answer| answer.unwrap().status());
    let created = created
        .filter(|status| *status == StatusCode::CREATED)
        .count();
    assert_eq!(created, 4);
    assert_eq!(world.stock(ticket.id).await, (100, 4, 0));
}

#[rstest]
#[case::as_it_is("10.5", None)]
#[case::as_text(r#""10.50""#, None)]
#[case::another("10", Some("The price has changed to 10.5 USD"))]
#[case::no_amount("10.505", Some("The price has changed to 10.5 USD"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_price_that_is_expected(#[case] price: &str, #[case] refused: Option<&str>) {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    let body = format!(r#"{{"ticketId": "{ticket}", "price": {price}}}"#);
    let request = app.request(Method::POST, "/api/orders");
    let request = request.bearer_auth(&world.user().session).body(body);
    let request = request.header("content-type", "application/json");
    let answer = request.send().await.unwrap();
    match refused {
        None => drop(created(answer).await),
        Some(message) => assert_eq!(problem(answer, StatusCode::CONFLICT).await, message),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_currency() {
    let world = World::new().await;
    let app = world.start().await;
    let (dollars, mut yen) = (world.ticket(5), world.ticket(5));
    yen.currency = "JPY".parse().unwrap();
    for ticket in [&dollars, &yen] {
        world.offer(ticket).await;
    }
    let both = several(&[(dollars.id, 1), (yen.id, 1)]);
    let refused = app.order(&world.user(), &both).await;
    let message = problem(refused, StatusCode::BAD_REQUEST).await;
    assert_eq!(message, "All tickets of an order must be in one currency");
    let order = app.placed(&world.user(), yen.id).await;
    assert_eq!(serde_json::to_value(order.total).unwrap(), 1050);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_nobody_can_pay() {
    let world = World::new().await;
    let app = world.start().await;
    let mut ticket = world.ticket(1_000_000);
    ticket.price = 99_999_999;
    world.offer(&ticket).await;
    let refused = app
        .order(&world.user(), &several(&[(ticket.id, 1_000_000)]))
        .await;
    let message = problem(refused, StatusCode::BAD_REQUEST).await;
    assert_eq!(message, "The order is too expensive");
    app.placed(&world.user(), ticket.id).await;
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
    assert_eq!(
        first.reason,
        Some(ticketing_contracts::order::CancelReason::Expired)
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_never_put_up() {
    let world = World::new().await;
    let app = world.start().await;
    let nothing = TicketId::new(now());
    let refused = app.order(&world.user(), &one(nothing)).await;
    assert_eq!(problem(refused, StatusCode::NOT_FOUND).await, "Not found");
}
