//! `Idempotency-Key`: the same request again.

use reqwest::StatusCode;
use ticketing_contracts::{api::payments::PaymentStatus, ids::OrderId};

use crate::harness::{App, Fault, User, World, failed, paid, paying_with, problem};

async fn pay(app: &App, user: &User, order: OrderId, card: &str, key: &str) -> reqwest::Response {
    let request = app.paying(user, &paying_with(order, card));
    request.header("idempotency-key", key).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_answered_again() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    let first = paid(pay(&app, &ann, order, "tok_visa", "a").await).await;
    let again = paid(pay(&app, &ann, order, "tok_visa", "a").await).await;
    assert_eq!(again, first);
    let other = pay(&app, &ann, order, "tok_mastercard", "a").await;
    problem(other, StatusCode::UNPROCESSABLE_ENTITY).await;
    let another_order = world.order(&ann).await.id;
    let other = pay(&app, &ann, another_order, "tok_visa", "a").await;
    problem(other, StatusCode::UNPROCESSABLE_ENTITY).await;
    // Somebody else's key of that name is another.
    let bob = world.user();
    let bobs = world.order(&bob).await.id;
    paid(pay(&app, &bob, bobs, "tok_visa", "a").await).await;
    assert_eq!(world.sim.charges(order).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_answered_again_and_does_not_charge() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    let words = failed(pay(&app, &ann, order, "tok_chargeDeclined", "a").await).await;
    assert_eq!(
        failed(pay(&app, &ann, order, "tok_chargeDeclined", "a").await).await,
        words
    );
    paid(pay(&app, &ann, order, "tok_visa", "b").await).await;
    // The network repeats the first one, late.
    assert_eq!(
        failed(pay(&app, &ann, order, "tok_chargeDeclined", "a").await).await,
        words
    );
    assert_eq!(world.sim.charges(order).await, 1);
    assert_eq!(
        world
            .sim
            .asked("POST /v1/payment_intents/{id}/confirm")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_may_come_again() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    world
        .sim
        .faults(&[Fault("create", "error-before", 1)])
        .await;
    let away = pay(&app, &ann, order, "tok_visa", "a").await;
    problem(away, StatusCode::SERVICE_UNAVAILABLE).await;
    let payment = paid(pay(&app, &ann, order, "tok_visa", "a").await).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_is_under_way_it_is_refused() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    world.sim.slowly(5_000).await;
    let request = app
        .paying(&ann, &paying_with(order, "tok_visa"))
        .header("idempotency-key", "a");
    let first = tokio::spawn(async move { request.send().await.unwrap() });
    ticketing_testkit::eventually("it is under way", async || {
        (world.number("SELECT count(*) FROM payment").await == 1).then_some(())
    })
    .await;
    let again = pay(&app, &ann, order, "tok_visa", "a").await;
    problem(again, StatusCode::CONFLICT).await;
    paid(first.await.unwrap()).await;
}
