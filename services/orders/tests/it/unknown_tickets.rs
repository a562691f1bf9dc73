//! Tickets that are ordered before orders has heard of them.

use reqwest::StatusCode;
use ticketing_contracts::{events::TicketEvent, ids::TicketId};
use ticketing_testkit::eventually;

use crate::harness::{World, all, created, now, one, problem, several};

#[tokio::test(flavor = "multi_thread")]
async fn tickets_is_asked() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(3);
    world.neighbours.put(&ticket);
    app.placed(&world.user(), ticket.id).await;
    app.placed(&world.user(), ticket.id).await;
    assert_eq!(world.neighbours.asked(), 1);
    // The event comes after all, and is no news.
    let before = app.inventory(ticket.id).await;
    world.publish(&TicketEvent::Created(ticket.clone())).await;
    let newer = ticketing_contracts::events::tickets::Ticket {
        version: 2,
        capacity: 9,
        ..ticket.clone()
    };
    world.publish(&TicketEvent::Updated(newer)).await;
    let after = eventually("the edit is heard", async || {
        let stock = app.inventory(ticket.id).await;
        (stock.ticket_version == 2).then_some(stock)
    })
    .await;
    assert_eq!((after.version, after.capacity), (before.version + 1, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_an_orders_items() {
    let world = World::new().await;
    let app = world.start().await;
    let (known, a, b) = (world.offered(3).await, world.ticket(3), world.ticket(3));
    for ticket in [&a, &b] {
        world.neighbours.put(ticket);
    }
    let items = several(&[(a.id, 1), (known, 1), (b.id, 2)]);
    created(app.order(&world.user(), &items).await).await;
    assert_eq!(world.neighbours.asked(), 2);
    assert_eq!(world.stock(b.id).await, (3, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn once_however_many_wait_for_it() {
    let world = World::new().await;
    let app = world.start().await;
    let (ticket, other) = (world.ticket(20), world.offered(1).await);
    world.neighbours.put(&ticket);
    world.neighbours.hold_up();
    let (asks, users) = (one(ticket.id), (0..20).map(|_| world.user()));
    let requests: Vec<_> = users
        .map(|user| app.ordering(&user, &asks).send())
        .collect();
    let answers = tokio::spawn(all(requests));
    eventually("tickets is asked", async || {
        (world.neighbours.asked() > 0).then_some(())
    })
    .await;
    // Whoever wants something else does not wait.
    app.placed(&world.user(), other).await;
    assert_eq!(world.neighbours.asked(), 1);
    world.neighbours.go_on();
    for answer in answers.await.unwrap() {
        created(answer.unwrap()).await;
    }
    // Whoever was refused before it was there, and goes on when nobody fetches it any more, asks again.
    let asked = world.neighbours.asked();
    assert!(asked < 20, "it was asked {asked} times");
    assert_eq!(world.stock(ticket.id).await, (20, 20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tickets_does_not_know_either() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(3);
    for _ in 0..2 {
        let refused = app.order(&world.user(), &one(ticket.id)).await;
        assert_eq!(problem(refused, StatusCode::NOT_FOUND).await, "Not found");
    }
    // It was asked each time: the ticket may have been put up in between.
    assert_eq!(world.neighbours.asked(), 2);
    world.neighbours.put(&ticket);
    app.placed(&world.user(), ticket.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_tickets_is_away() {
    let world = World::new().await;
    let app = world.start().await;
    let (ticket, known) = (world.ticket(3), world.offered(3).await);
    world.neighbours.put(&ticket);
    world.neighbours.away(true);
    let refused = app.order(&world.user(), &one(ticket.id)).await;
    assert_eq!(refused.headers()["retry-after"], "2");
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    // What is known is sold nevertheless.
    app.placed(&world.user(), known).await;
    let both = app
        .order(&world.user(), &several(&[(known, 1), (ticket.id, 1)]))
        .await;
    problem(both, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(world.stock(known).await, (3, 1, 0));

    world.neighbours.away(false);
    app.placed(&world.user(), ticket.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_listens_where_tickets_was() {
    let world = World::new().await;
    let port = ticketing_testkit::engine::free_port().unwrap();
    let nowhere = format!("http://127.0.0.1:{port}");
    let world = world.set("TICKETS_ADMIN_URL", &nowhere);
    let app = world.start().await;
    let refused = app.order(&world.user(), &one(TicketId::new(now()))).await;
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
}
