//! Cards that are declined.

use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};

use crate::harness::{World, failed, paid};

#[rstest]
#[case("tok_chargeDeclined", "Your card was declined.")]
#[case(
    "tok_chargeDeclinedInsufficientFunds",
    "Your card has insufficient funds."
)]
#[case("pm_card_chargeDeclined", "Your card was declined.")]
#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_is_told_why_and_tries_another(#[case] card: &str, #[case] words: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    assert_eq!(failed(app.pay(&ann, order.id, card).await).await, words);
    // The lease is given back: it can be cancelled, and paid until it expires.
    let open = world.orders.show(&ann, order.id).await;
    assert_eq!(open.status, OrderStatus::Created);
    assert_eq!(open.expires_at, order.expires_at);
    let payment = app.of_order(&ann, order.id).await.unwrap();
    assert_eq!(
        (payment.status, payment.message.as_str()),
        (PaymentStatus::Failed, words)
    );

    let payment = paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Complete
    );
    assert_eq!(world.sim.charges(order.id).await, 1);
    // The same PaymentIntent, whatever card.
    assert_eq!(world.sim.asked("POST /v1/payment_intents").await, 1);
    world
        .has_published(&["payment:failed", "payment:created"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_stripe_does_not_know_is_declined() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    for card in ["tok_nonsense", "pm_nonsense"] {
        let words = failed(app.pay(&ann, order.id, card).await).await;
        assert!(words.starts_with("This card can't be used"), "{words}");
        assert_eq!(
            world.orders.show(&ann, order.id).await.status,
            OrderStatus::Created
        );
    }
    assert_eq!(
        world.orders.cancel(&ann, order.id).await,
        StatusCode::NO_CONTENT
    );
}

/// The lease of a declined card is given back even when orders was away when it was declined.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_could_not_be_given_back_is_given_back_later() {
    let mut world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    world.sim.slowly(5_000).await;
    let request = app.paying(
        &ann,
        &crate::harness::paying_with(order.id, "tok_chargeDeclined"),
    );
    let paying = tokio::spawn(async move { request.send().await.unwrap() });
    ticketing_testkit::eventually("Stripe is asked", async || {
        (world.sim.asked("POST /v1/payment_intents").await == 1).then_some(())
    })
    .await;
    world.orders.stop().await;
    assert_eq!(
        failed(paying.await.unwrap()).await,
        "Your card was declined."
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM payment WHERE leased")
            .await,
        1
    );
    world.orders.start_again();
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Created)
        .await;
}
