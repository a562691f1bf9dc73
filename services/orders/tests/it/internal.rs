//! What tickets and payments ask on the admin port.

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    events::OrderEvent,
    ids::{OrderId, PaymentId, TicketId},
    internal::{Lease, Settled},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use crate::harness::{App, PAYMENTS_TOKEN, TICKETS_TOKEN, User, World, now, one, problem};

async fn ask(app: &App, path: &str, body: Value) -> reqwest::Response {
    let token = if path.starts_with("/tickets") {
        TICKETS_TOKEN
    } else {
        PAYMENTS_TOKEN
    };
    app.internal(Method::POST, path, token, &body).await
}

/// Begins a payment.
pub async fn lease(app: &App, user: &User, order: OrderId) -> Lease {
    let body = json!({"userId": user.id});
    let answer = ask(app, &format!("/orders/{order}/lease"), body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn settle(app: &App, order: OrderId, payment: PaymentId) -> Settled {
    let body = json!({"paymentId": payment});
    let answer = ask(app, &format!("/orders/{order}/settle"), body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

/// Pays an order.
pub async fn pay(app: &App, order: OrderId) {
    let settled = settle(app, order, PaymentId::new(now())).await;
    assert_eq!(settled, Settled::Complete);
}

#[rstest]
#[case::inventory(Method::GET, "/tickets/$T/inventory", TICKETS_TOKEN)]
#[case::close(Method::POST, "/tickets/$T/close", TICKETS_TOKEN)]
#[case::lease(Method::POST, "/orders/$O/lease", PAYMENTS_TOKEN)]
#[case::give_back(Method::POST, "/orders/$O/give-back", PAYMENTS_TOKEN)]
#[case::settle(Method::POST, "/orders/$O/settle", PAYMENTS_TOKEN)]
#[tokio::test(flavor = "multi_thread")]
async fn each_is_for_one_service(#[case] method: Method, #[case] path: &str, #[case] token: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.ticket(1));
    world.offer(&ticket).await;
    let order = app.placed(&ann, ticket.id).await;
    let path = path.replace("$T", &ticket.id.to_string());
    let path = path.replace("$O", &order.id.to_string());
    // One body that all of them can read.
    let mut body = serde_json::to_value(&ticket).unwrap();
    body["lease"] = json!(1);
    body["paymentId"] = json!(PaymentId::new(now()));

    let unknown = app.internal(method.clone(), &path, "guessed", &body).await;
    problem(unknown, StatusCode::UNAUTHORIZED).await;
    let session = app
        .internal(method.clone(), &path, &ann.session, &body)
        .await;
    problem(session, StatusCode::UNAUTHORIZED).await;
    let other = if token == TICKETS_TOKEN {
        PAYMENTS_TOKEN
    } else {
        TICKETS_TOKEN
    };
    let other = app.internal(method.clone(), &path, other, &body).await;
    problem(other, StatusCode::FORBIDDEN).await;
    let through_traefik = app.request(method.clone(), &format!("/internal{path}"));
    let through_traefik = through_traefik.bearer_auth(token).json(&body).send().await;
    problem(through_traefik.unwrap(), StatusCode::NOT_FOUND).await;
    assert_eq!(app.show(&ann, order.id).await, order, "nothing has changed");

    let id = if path.starts_with("/tickets") {
        ticket.id.0
    } else {
        order.id.0
    };
    let nonsense = path.replace(&id.to_string(), "7");
    let nonsense = app.internal(method, &nonsense, token, &body).await;
    problem(nonsense, StatusCode::NOT_FOUND).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_of_a_ticket() {
    let world = World::new().await;
    let app = world.start().await;
    let path = format!("/tickets/{}/inventory", TicketId::new(now()));
    let unknown = app
        .internal(Method::GET, &path, TICKETS_TOKEN, &Value::Null)
        .await;
    problem(unknown, StatusCode::NOT_FOUND).await;

    let ticket = world.offered(2).await;
    let fresh = app.inventory(ticket).await;
    assert_eq!((fresh.capacity, fresh.held, fresh.sold), (2, 0, 0));
    assert_eq!(
        (fresh.ticket_version, fresh.order_id, fresh.next_release_at),
        (1, None, None)
    );
    let order = app.placed(&world.user(), ticket).await;
    let held = app.inventory(ticket).await;
    assert_eq!((held.held, held.sold), (1, 0));
    assert_eq!(held.next_release_at, Some(order.expires_at));
    pay(&app, order.id).await;
    let sold = app.inventory(ticket).await;
    assert_eq!((sold.held, sold.sold, sold.next_release_at), (0, 1, None));
    assert!(fresh.version < held.version && held.version < sold.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_who_has_the_only_one() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let first = app.placed(&ann, ticket).await;
    assert_eq!(app.inventory(ticket).await.order_id, Some(first.id));
    app.cancel(&ann, first.id).await;
    assert_eq!(app.inventory(ticket).await.order_id, None);
    let second = app.placed(&ann, ticket).await;
    pay(&app, second.id).await;
    assert_eq!(app.inventory(ticket).await.order_id, Some(second.id));
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_time() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(2).await);
    let order = app.placed(&ann, ticket).await;
    lease(&app, &ann, order.id).await;
    let payment = PaymentId::new(now());
    for _ in 0..2 {
        assert_eq!(settle(&app, order.id, payment).await, Settled::Complete);
    }
    assert_eq!(app.show(&ann, order.id).await.status, OrderStatus::Complete);
    assert_eq!(world.stock(ticket).await, (2, 0, 1));
    eventually("it is published", async || {
        let events = world.published().await;
        let told = events
            .iter()
            .filter(|event| matches!(event, OrderEvent::Completed(_)));
        (told.count() == 1).then_some(())
    })
    .await;
    let unknown = format!("/orders/{}/settle", OrderId::new(now()));
    let unknown = ask(&app, &unknown, json!({"paymentId": payment})).await;
    problem(unknown, StatusCode::NOT_FOUND).await;
}

#[rstest]
#[case::free_still(false, Settled::Complete)]
#[case::taken(true, Settled::RefundDue)]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_comes_late(#[case] taken: bool, #[case] expected: Settled) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    lease(&app, &ann, order.id).await;
    world.let_expire(order.id).await;
    let bob = world.user();
    let other = app.placed(&bob, ticket).await;
    if !taken {
        app.cancel(&bob, other.id).await;
    }
    let payment = PaymentId::new(now());
    for _ in 0..2 {
        assert_eq!(settle(&app, order.id, payment).await, expected);
    }
    let sold = i32::from(!taken);
    assert_eq!(world.stock(ticket).await, (1, 1 - sold, sold));
    let events = eventually("what follows is published", async || {
        let events = world.published().await;
        let ends = |event: &&OrderEvent| {
            matches!(event, OrderEvent::RefundDue(_) | OrderEvent::Completed(_))
        };
        let events: Vec<_> = events.iter().filter(ends).cloned().collect();
        (!events.is_empty()).then_some(events)
    })
    .await;
    match &events[..] {
        [OrderEvent::RefundDue(due)] if taken => assert_eq!(due.payment_id, payment),
        [OrderEvent::Completed(done)] if !taken => assert_eq!(done.id, order.id),
        other => panic!("{other:?}"),
    }
}
