//! Stripe fails, is busy, hangs, or breaks off: the buyer is told what is known, is charged once at most, and
//! the tickets are not held longer than need be.

use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};
use ticketing_testkit::eventually;

use crate::harness::{Fault, GIVES_UP, World, paid, problem};

/// Nothing can have been charged: the buyer may try again at once.
#[rstest]
#[case::fails(Fault("create", "error-before", 1))]
#[case::busy(Fault("confirm", "rate-limit", 1))]
#[case::busy_before(Fault("create", "rate-limit", 1))]
#[case::hangs(Fault("create", "hang-before", 1))]
#[case::breaks_off(Fault("payment_method", "drop-before", 1))]
#[tokio::test(flavor = "multi_thread")]
async fn before_the_charge_nothing_was_charged(#[case] fault: Fault) {
    let world = World::new().await.set("STRIPE_TIMEOUT", GIVES_UP);
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    world.sim.faults(&[fault]).await;
    let answer = app.pay(&ann, order.id, "tok_visa").await;
    assert!(answer.headers().contains_key("retry-after"));
    let words = problem(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("Nothing was charged: try again"), "{words}");
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Created
    );
    paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(world.sim.charges(order.id).await, 1);
}

/// The charge was made, and the answer does not say so: Stripe's own state does.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_after_the_charge_is_a_success() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let failure = [Fault("confirm", "error-after", 1)];
    world.sim.faults_untold(&failure).await;
    let payment = paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(world.sim.charges(order.id).await, 1);
}

/// Nobody knows whether it was charged: the same attempt is asked for again until it is clear.
#[rstest]
#[case::breaks_off_before(Fault("confirm", "drop-before", 1))]
#[case::breaks_off_after(Fault("confirm", "drop-after", 1))]
#[case::hangs(Fault("confirm", "hang", 1))]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_unclear_becomes_clear(#[case] fault: Fault) {
    let world = World::new().await.set("STRIPE_TIMEOUT", GIVES_UP);
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    world.sim.faults_untold(&[fault]).await;
    let answer = app.pay(&ann, order.id, "tok_visa").await;
    assert!(answer.headers().contains_key("retry-after"));
    let words = problem(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("Don't pay again"), "{words}");
    // Another attempt would be another charge, perhaps.
    let again = app.pay(&ann, order.id, "tok_mastercard").await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let payment = app.of_order(&ann, order.id).await.unwrap();
    assert_eq!(payment.status, PaymentStatus::Pending);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::AwaitingPayment
    );

    world.an_hour_later().await;
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    assert_eq!(world.sim.charges(order.id).await, 1);
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
}

/// Stripe repeats its failure for ever, and has charged nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_stays_one_gives_the_tickets_back() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    world
        .sim
        .faults(&[Fault("confirm", "error-before", 1)])
        .await;
    let answer = app.pay(&ann, order.id, "tok_visa").await;
    problem(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::AwaitingPayment
    );
    world.an_hour_later().await;
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Created)
        .await;
    let payment = app.becomes(&ann, order.id, PaymentStatus::Failed).await;
    assert!(
        payment.message.contains("Nothing was charged"),
        "{}",
        payment.message
    );
    paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(world.sim.charges(order.id).await, 1);
}

/// So many wait for a Stripe that hangs, and no more; who only looks does not wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_stripe_that_hangs_slows_nobody_else() {
    let world = World::new()
        .await
        .set("STRIPE_TIMEOUT", GIVES_UP)
        .set("STRIPE_CONCURRENCY", "4")
        .set("DATABASE_CONNECTIONS", "2");
    let app = world.start().await;
    let ann = world.user();
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(world.order(&ann).await.id);
    }
    world.sim.faults(&[Fault("any", "hang-before", 8)]).await;
    let waiting: Vec<_> = orders[..2]
        .iter()
        .map(|order| {
            let request = app.paying(&ann, &crate::harness::paying_with(*order, "tok_visa"));
            tokio::spawn(async move { request.send().await.unwrap().status() })
        })
        .collect();
    eventually("two wait, each for two answers", async || {
        (world.number("SELECT count(*) FROM payment").await == 2
            && world.sim.asked("POST /v1/payment_methods").await == 2
            && world.sim.asked("POST /v1/payment_intents").await == 2)
            .then_some(())
    })
    .await;
    let refused = app.pay(&ann, orders[2], "tok_visa").await;
    let words = problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("Nothing was charged"), "{words}");
    assert_eq!(
        world.orders.show(&ann, orders[2]).await.status,
        OrderStatus::Created
    );
    assert!(app.of_order(&ann, orders[0]).await.is_some());
    assert!(
        !waiting.iter().any(tokio::task::JoinHandle::is_finished),
        "the two wait still"
    );
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    }
}

/// Orders was away when the money came, and Redis carries nothing: it is the buyer's nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn orders_hears_of_a_success_as_soon_as_it_is_back() {
    let mut world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    world.sim.slowly(5_000).await;
    let request = app.paying(&ann, &crate::harness::paying_with(order.id, "tok_visa"));
    let paying = tokio::spawn(async move { request.send().await.unwrap() });
    eventually("Stripe is asked", async || {
        (world.sim.asked("POST /v1/payment_intents").await == 1).then_some(())
    })
    .await;
    world.orders.stop().await;
    let payment = paid(paying.await.unwrap()).await;
    assert!(
        payment.message.contains("being completed"),
        "{}",
        payment.message
    );
    world.orders.start_again();
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    eventually("payments knows", async || {
        (app.of_order(&ann, order.id).await?.message == "Paid. The tickets are yours.")
            .then_some(())
    })
    .await;
}

/// The refund fails, hangs and breaks off before it is made; it is made once.
#[rstest]
#[case(Fault("refund", "error-before", 1))]
#[case(Fault("refund", "error-after", 1))]
#[case(Fault("refund", "drop-after", 1))]
#[case(Fault("list_refunds", "error-before", 2))]
#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_once_however_often_that_fails(#[case] fault: Fault) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let ticket = world.orders.offered(1, 10_50, "USD").await;
    let order = world.orders.placed(&ann, ticket).await;
    let payment = paid(app.pay(&ann, order.id, "tok_threeDSecure2Required").await).await;
    app.stopped().await;
    world.orders.expire(order.id).await;
    world.orders.placed(&bob, ticket).await;
    world
        .sim
        .authenticate(&payment.stripe_id.unwrap(), true)
        .await;
    world.sim.faults(&[fault]).await;
    let app = world.start().await;
    app.becomes(&ann, order.id, PaymentStatus::Refunded).await;
    assert_eq!(world.sim.refunded(order.id).await, 10_50);
    world
        .has_published(&["payment:pending", "payment:created", "payment:refunded"])
        .await;
}
