//! Payments that come when the order is over.

use reqwest::StatusCode;
use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};

use crate::harness::{World, paid};

const CARD: &str = "tok_threeDSecure2Required";

/// Its lease ran out while the buyer was at the bank, and nobody else has taken the ticket.
#[tokio::test(flavor = "multi_thread")]
async fn the_tickets_are_the_buyers_if_they_are_free() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    let intent = payment.stripe_id.unwrap();
    app.stopped().await;
    world.orders.expire(order.id).await;
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Cancelled
    );
    world.sim.authenticate(&intent, true).await;
    let app = world.start().await;
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    app.becomes(&ann, order.id, PaymentStatus::Succeeded).await;
    assert_eq!(world.sim.refunded(order.id).await, 0);
}

/// Somebody else has them by then.
#[tokio::test(flavor = "multi_thread")]
async fn or_else_the_money_goes_back() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let ticket = world.orders.offered(1, 10_50, "USD").await;
    let order = world.orders.placed(&ann, ticket).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    let intent = payment.stripe_id.unwrap();
    app.stopped().await;
    world.orders.expire(order.id).await;
    let other = world.orders.placed(&bob, ticket).await;
    world.sim.authenticate(&intent, true).await;
    let app = world.start().await;
    let payment = app.becomes(&ann, order.id, PaymentStatus::Refunded).await;
    assert!(
        payment.message.contains("you have your money back"),
        "{}",
        payment.message
    );
    assert_eq!(world.sim.charges(order.id).await, 1);
    assert_eq!(world.sim.refunded(order.id).await, 10_50);
    assert_eq!(world.sim.asked("POST /v1/refunds").await, 1);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Cancelled
    );
    world
        .has_published(&["payment:pending", "payment:created", "payment:refunded"])
        .await;
    paid(app.pay(&bob, other.id, "tok_visa").await).await;
}

/// The order ended while the buyer was at the bank: the card can't be charged any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_charged_by_then_is_not_charged_any_more() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    paid(app.pay(&ann, order.id, CARD).await).await;
    world.orders.expire(order.id).await;
    let payment = app.becomes(&ann, order.id, PaymentStatus::Canceled).await;
    assert!(
        payment.message.contains("Nothing was charged"),
        "{}",
        payment.message
    );
    let intent = world.sim.intent(order.id).await.unwrap();
    assert_eq!(intent["status"], "canceled");
    let refused = app.pay(&ann, order.id, "tok_visa").await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    world
        .has_published(&["payment:pending", "payment:failed"])
        .await;
}

/// After a decline the buyer gives up; the card's page, left open, must not charge any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_of_an_order_that_is_cancelled_is_cancelled_at_stripe() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    app.pay(&ann, order.id, "tok_chargeDeclined").await;
    assert_eq!(
        world.orders.cancel(&ann, order.id).await,
        StatusCode::NO_CONTENT
    );
    app.becomes(&ann, order.id, PaymentStatus::Canceled).await;
    let intent = world.sim.intent(order.id).await.unwrap();
    assert_eq!(intent["status"], "canceled");
}

/// It was cancelled first, and charged in spite of that: a page that was left open has done it.
#[tokio::test(flavor = "multi_thread")]
async fn cancelled_by_the_buyer_first_it_goes_back() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    let intent = payment.stripe_id.unwrap();
    app.stopped().await;
    // As if the lease had been given back before the buyer cancelled.
    let sql = format!(
        "UPDATE orders SET status = 'created' WHERE id = '{}'",
        order.id
    );
    world.orders.sql.batch_execute(&sql).await.unwrap();
    assert_eq!(
        world.orders.cancel(&ann, order.id).await,
        StatusCode::NO_CONTENT
    );
    world.sim.authenticate(&intent, true).await;
    let app = world.start().await;
    app.becomes(&ann, order.id, PaymentStatus::Refunded).await;
    assert_eq!(world.sim.refunded(order.id).await, 10_50);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Cancelled
    );
}
