//! `POST /api/payments`

use payments::gateway::NewIntent;
use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{
    api::payments::PaymentStatus,
    events::PaymentEvent,
    ids::{OrderId, PaymentId},
    money::{Currency, MajorUnits},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use crate::harness::{World, all, now, paid, problem};

#[rstest]
#[case::a_token("tok_visa")]
#[case::a_payment_method("pm_card_visa")]
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid(#[case] card: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, card).await).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(payment.order_id, order.id);
    assert_eq!(payment.user_id, ann.id);
    assert_eq!(payment.amount, MajorUnits::from_minor(10_50, Currency::USD));
    assert_eq!(payment.client_secret, None);
    assert_eq!(payment.message, "Paid. The tickets are yours.");
    // Before the answer, not some time after it.
    let order = world.orders.show(&ann, order.id).await;
    assert_eq!(order.status, OrderStatus::Complete);
    assert_eq!(world.sim.charges(order.id).await, 1);
    world.has_published(&["payment:created"]).await;
    let events = world.published().await;
    let PaymentEvent::Created(event) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (event.id, event.order_id, event.amount),
        (payment.id, order.id, 10_50)
    );
    assert_eq!(Some(&event.stripe_id), payment.stripe_id.as_ref());
    assert_eq!(
        app.show(&ann, payment.id).await.status,
        PaymentStatus::Succeeded
    );
}

#[rstest]
#[case::two_decimals("EUR", 12_34, 12_34)]
#[case::none("JPY", 500, 500)]
#[case::none_in_the_standard("ISK", 500, 50_000)]
#[tokio::test(flavor = "multi_thread")]
async fn stripe_counts_in_its_own_units(
    #[case] currency: &str,
    #[case] price: i64,
    #[case] charged: i64,
) {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let ticket = world.orders.offered(1, price, currency).await;
    let order = world.orders.placed(&ann, ticket).await;
    let payment = paid(app.pay(&ann, order.id, "tok_visa").await).await;
    let currency: Currency = currency.parse().unwrap();
    assert_eq!(payment.amount, MajorUnits::from_minor(price, currency));
    let intent = world.sim.intent(order.id).await.unwrap();
    assert_eq!(intent["amount"], charged);
    assert_eq!(intent["currency"], currency.code().to_lowercase());
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_order_it_is_and_whether_it_can_be_paid_orders_says() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let unknown = app.pay(&ann, OrderId::new(now()), "tok_visa").await;
    problem(unknown, StatusCode::NOT_FOUND).await;

    let order = world.order(&ann).await;
    let anothers = app.pay(&bob, order.id, "tok_visa").await;
    problem(anothers, StatusCode::FORBIDDEN).await;

    let cancelled = world.order(&ann).await.id;
    assert_eq!(
        world.orders.cancel(&ann, cancelled).await,
        StatusCode::NO_CONTENT
    );
    let refused = app.pay(&ann, cancelled, "tok_visa").await;
    assert_eq!(
        problem(refused, StatusCode::CONFLICT).await,
        "The order is cancelled"
    );

    let expired = world.order(&ann).await.id;
    world.orders.let_expire(expired).await;
    let refused = app.pay(&ann, expired, "tok_visa").await;
    assert_eq!(
        problem(refused, StatusCode::CONFLICT).await,
        "The order has expired"
    );

    paid(app.pay(&ann, order.id, "tok_visa").await).await;
    let again = app.pay(&ann, order.id, "tok_visa").await;
    assert_eq!(
        problem(again, StatusCode::CONFLICT).await,
        "The order is paid"
    );
    let anothers = app.pay(&bob, order.id, "tok_visa").await;
    problem(anothers, StatusCode::FORBIDDEN).await;
    assert_eq!(world.sim.asked("POST /v1/payment_intents").await, 1);
}

/// One charge, one event, and everybody is told something that is true.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_at_once_pay_once() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let ann = world.user();
    let order = world.order(&ann).await;
    let request = |number: usize| {
        let body = crate::harness::paying_with(order.id, "tok_visa");
        apps[number % 2].paying(&ann, &body)
    };
    let requests: Vec<_> = (0..20).map(request).collect();
    let answers = all(requests
        .into_iter()
        .map(|request| async move { request.send().await.unwrap() }))
    .await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status()).collect();
    let made = statuses
        .iter()
        .filter(|status| **status == StatusCode::CREATED);
    assert_eq!(made.count(), 1, "{statuses:?}");
    assert!(
        statuses
            .iter()
            .all(|status| [StatusCode::CREATED, StatusCode::CONFLICT].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(world.sim.charges(order.id).await, 1);
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    eventually("the event is published", async || {
        (!world.published().await.is_empty()).then_some(())
    })
    .await;
    world.has_published(&["payment:created"]).await;
}

/// On two instances: what is written together is everybody's own.
#[tokio::test(flavor = "multi_thread")]
async fn many_buyers_at_once_pay_once_each() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let mut buyers = Vec::new();
    for _ in 0..30 {
        let buyer = world.user();
        let order = world.order(&buyer).await.id;
        buyers.push((buyer, order));
    }
    let card = |turn: usize| match turn % 5 {
        0 => "tok_chargeDeclined",
        _ => "tok_visa",
    };
    let requests: Vec<_> = buyers
        .iter()
        .enumerate()
        .map(|(turn, (buyer, order))| {
            apps[turn % 2].paying(buyer, &crate::harness::paying_with(*order, card(turn)))
        })
        .collect();
    let answers = all(requests
        .into_iter()
        .map(|request| async move { request.send().await.unwrap().status() }))
    .await;
    for (turn, ((buyer, order), answer)) in buyers.iter().zip(answers).enumerate() {
        let (expected, charged, status) = match card(turn) {
            "tok_visa" => (StatusCode::CREATED, 1, OrderStatus::Complete),
            _ => (StatusCode::PAYMENT_REQUIRED, 0, OrderStatus::Created),
        };
        assert_eq!(answer, expected);
        assert_eq!(world.sim.charges(*order).await, charged);
        assert_eq!(world.orders.show(buyer, *order).await.status, status);
    }
    for (what, number) in [
        ("attempt", 30),
        (
            "payment WHERE status = 'succeeded' AND settled = 'complete' AND version = 1",
            24,
        ),
        (
            "payment WHERE status = 'failed' AND NOT leased AND version = 1",
            6,
        ),
        ("payment WHERE due_at IS NOT NULL", 0),
        ("outbox WHERE kind = 'payment:created'", 24),
        ("outbox WHERE kind = 'payment:failed'", 6),
    ] {
        eventually(&format!("{number} of {what}"), async || {
            let found = world.number(&format!("SELECT count(*) FROM {what}")).await;
            (found == number).then_some(())
        })
        .await;
    }
}

/// The control: a second charge of an order would be counted.
#[tokio::test(flavor = "multi_thread")]
async fn two_payment_intents_would_charge_twice() {
    let world = World::new().await;
    let order_id = OrderId::new(now());
    let stripe = world.sim.gateway();
    for _ in 0..2 {
        let new = NewIntent {
            payment_id: PaymentId::new(now()),
            attempt: 1,
            order_id,
            amount: 10_50,
            currency: Currency::USD,
        };
        let intent = stripe.create(&new).await.unwrap();
        let key = format!("{}-confirm", new.payment_id);
        stripe
            .confirm(&intent.id, "pm_card_visa", &key)
            .await
            .unwrap();
    }
    assert_eq!(world.sim.charges(order_id).await, 2);
}
