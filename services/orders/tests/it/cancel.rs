//! `DELETE /api/orders/{id}`

use reqwest::{Method, StatusCode};
use rstest::rstest;
use ticketing_contracts::{
    events::OrderEvent,
    ids::OrderId,
    order::{CancelReason, OrderStatus},
};
use ticketing_testkit::eventually;

use crate::{
    harness::{World, all, now, problem},
    internal::{lease, pay},
};

#[tokio::test(flavor = "multi_thread")]
async fn its_tickets_are_free_again() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    for _ in 0..3 {
        assert_eq!(
            app.cancel(&ann, order.id).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    let cancelled = app.show(&ann, order.id).await;
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
    assert_eq!(
        (cancelled.reason, cancelled.version),
        (Some(CancelReason::Buyer), 2)
    );
    assert_eq!(world.stock(ticket).await, (1, 0, 0));
    app.placed(&world.user(), ticket).await;
    eventually("it is published, once", async || {
        let events = world.published().await;
        let cancelled = events
            .iter()
            .filter(|event| matches!(event, OrderEvent::Cancelled(told) if told.id == order.id));
        (cancelled.count() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_by_its_buyer() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    let refused = app.cancel(&world.user(), order.id).await;
    assert_eq!(
        problem(refused, StatusCode::FORBIDDEN).await,
        "Not your order"
    );
    let unknown = app.cancel(&ann, OrderId::new(now())).await;
    assert_eq!(problem(unknown, StatusCode::NOT_FOUND).await, "Not found");
    let request = app.request(Method::DELETE, &format!("/api/orders/{}", order.id));
    problem(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    assert_eq!(world.stock(ticket).await, (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_expired_stays_so() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    world.let_expire(order.id).await;
    app.placed(&world.user(), ticket).await;
    assert_eq!(
        app.cancel(&ann, order.id).await.status(),
        StatusCode::NO_CONTENT
    );
    let order = app.show(&ann, order.id).await;
    assert_eq!(order.reason, Some(CancelReason::Expired));
    assert_eq!(world.stock(ticket).await, (1, 1, 0));
}

#[rstest]
#[case::being_paid(false, "The order is being paid")]
#[case::paid(true, "The order is complete")]
#[tokio::test(flavor = "multi_thread")]
async fn not_when_it_is_paid(#[case] paid: bool, #[case] message: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let order = app.placed(&ann, ticket).await;
    lease(&app, &ann, order.id).await;
    if paid {
        pay(&app, order.id).await;
    }
    let refused = app.cancel(&ann, order.id).await;
    assert_eq!(problem(refused, StatusCode::CONFLICT).await, message);
}

/// On two instances, as often as one likes: each unit comes back once.
#[tokio::test(flavor = "multi_thread")]
async fn many_times_at_once() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let (ann, ticket) = (world.user(), world.offered(10).await);
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(apps[0].placed(&ann, ticket).await.id);
    }
    let requests = (0..100).map(|turn| {
        let path = format!("/api/orders/{}", orders[turn % 10]);
        let request = apps[turn / 10 % 2].request(Method::DELETE, &path);
        request.bearer_auth(&ann.session).send()
    });
    for answer in all(requests.collect::<Vec<_>>()).await {
        assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(world.stock(ticket).await, (10, 0, 0));
    assert_eq!(world.wrong_books().await, 0);
}
