//! Payments that succeeded.

use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{
    events::OrderEvent,
    ids::{OrderId, PaymentId},
    internal::{Settled, Wish},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use super::{lease, refused, settle, wish};
use crate::harness::{World, now};

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
    let settle = Wish::Settle {
        payment_id: payment,
    };
    let unknown = wish(&app, OrderId::new(now()), settle).await;
    refused(unknown, StatusCode::NOT_FOUND);
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
