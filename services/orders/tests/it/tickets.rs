//! The listener of the stream `tickets`.

use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{
    events::{OrderEvent, TicketEvent, tickets::Ticket},
    ids::{EventId, TicketId},
};
use ticketing_testkit::eventually;

use crate::harness::{World, now, one, problem, several};

/// Waits until orders has this version of a ticket.
async fn heard(world: &World, ticket: TicketId, version: i64) {
    eventually("orders has heard it", async || {
        let sql = format!("SELECT ticket_version FROM inventory WHERE ticket_id = '{ticket}'");
        let row = world.sql.query_opt(&sql, &[]).await.unwrap()?;
        (row.get::<_, i64>(0) == version).then_some(())
    })
    .await;
}

/// Waits until all that was published so far has been handled.
async fn caught_up(world: &World) {
    let mark = world.ticket(1);
    world.publish(&TicketEvent::Created(mark.clone())).await;
    heard(world, mark.id, 1).await;
}

fn edited(ticket: &Ticket, version: i64, capacity: i32) -> Ticket {
    Ticket {
        version,
        capacity,
        ..ticket.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_can_be_ordered_when_it_is_heard_of() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(3);
    world.publish(&TicketEvent::Created(ticket.clone())).await;
    heard(&world, ticket.id, 1).await;
    app.placed(&world.user(), ticket.id).await;
    assert_eq!(world.neighbours.asked(), 0);
    eventually("tickets is told what there is", async || {
        let events = world.published().await;
        let told = |event: &OrderEvent| {
            matches!(event, OrderEvent::InventoryUpdated(stock)
                if stock.ticket_id == ticket.id && stock.held == 0 && stock.capacity == 3)
        };
        events.iter().any(told).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_newer_is_applied() {
    let world = World::new().await;
    let _app = world.start().await;
    let ticket = world.ticket(3);
    for (version, capacity) in [(2, 7), (1, 3), (5, 9), (4, 1), (2, 7), (5, 100)] {
        let event = TicketEvent::Updated(edited(&ticket, version, capacity));
        world.publish(&event).await;
    }
    caught_up(&world).await;
    heard(&world, ticket.id, 5).await;
    assert_eq!(world.stock(ticket.id).await, (9, 0, 0));
}

/// The same event in another entry, as after a crash of the relay or a wipe of Redis.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_has_no_effect() {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(3);
    let event = TicketEvent::Created(ticket.clone());
    let id = EventId::new(now());
    world.publish_as(id, &event).await;
    caught_up(&world).await;
    app.placed(&world.user(), ticket.id).await;
    let before = app.inventory(ticket.id).await;
    world.publish_as(id, &event).await;
    world.publish(&event).await;
    caught_up(&world).await;
    assert_eq!(app.inventory(ticket.id).await, before);
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capacity_never_falls_below_what_is_out() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.ticket(10));
    world.offer(&ticket).await;
    let order = app.order(&ann, &several(&[(ticket.id, 6)])).await;
    let order = crate::harness::created(order).await;
    world
        .publish(&TicketEvent::Updated(edited(&ticket, 2, 2)))
        .await;
    heard(&world, ticket.id, 2).await;
    assert_eq!(world.stock(ticket.id).await, (6, 6, 0));
    let refused = app.order(&world.user(), &one(ticket.id)).await;
    problem(refused, StatusCode::CONFLICT).await;
    // What comes back stays with the seller until no more than wanted are left.
    app.cancel(&ann, order.id).await;
    assert_eq!(world.stock(ticket.id).await, (2, 0, 0));
}

#[rstest]
#[case::after_it(false)]
#[case::before_it(true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_ticket_is_not_sold(#[case] withdrawn_first: bool) {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.ticket(10);
    let mut events = [
        TicketEvent::Created(ticket.clone()),
        TicketEvent::Deleted(edited(&ticket, 2, 10)),
    ];
    if withdrawn_first {
        events.reverse();
    }
    for event in &events {
        world.publish(event).await;
    }
    heard(&world, ticket.id, 2).await;
    caught_up(&world).await;
    let refused = app.order(&world.user(), &one(ticket.id)).await;
    assert_eq!(problem(refused, StatusCode::NOT_FOUND).await, "Not found");
    assert_eq!(world.neighbours.asked(), 0, "it is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once() {
    let world = World::new().await;
    let tickets: Vec<_> = (0..1_000).map(|_| world.ticket(3)).collect();
    for ticket in &tickets {
        world.publish(&TicketEvent::Created(ticket.clone())).await;
    }
    let (_one, _other) = (world.start().await, world.start().await);
    eventually("all are known", async || {
        let known = world
            .number("SELECT count(*) FROM inventory WHERE version = 1")
            .await;
        (known == 1_000).then_some(())
    })
    .await;
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}
