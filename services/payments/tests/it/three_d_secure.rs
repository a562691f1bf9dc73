//! Cards that their owner confirms with the bank.

use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};
use ticketing_testkit::eventually;

use crate::harness::{World, failed, paid};

const CARD: &str = "tok_threeDSecure2Required";

/// What the browser returns from, whichever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn confirmed_it_is_made_by_the_webhook() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    assert_eq!(payment.status, PaymentStatus::RequiresAction);
    let secret = payment.client_secret.clone().unwrap();
    let intent = payment.stripe_id.clone().unwrap();
    assert!(secret.starts_with(&format!("{intent}_secret_")), "{secret}");
    // A page that is loaded again goes on with it.
    assert_eq!(app.show(&ann, payment.id).await.client_secret, Some(secret));
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::AwaitingPayment
    );
    assert_eq!(world.sim.charges(order.id).await, 0);

    world.sim.authenticate(&intent, true).await;
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    let payment = app.becomes(&ann, order.id, PaymentStatus::Succeeded).await;
    assert_eq!(payment.client_secret, None);
    assert_eq!(world.sim.charges(order.id).await, 1);
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_webhook_the_browsers_return_makes_it() {
    let world = World::new().await;
    let app = world.start().await;
    world.sim.faults_untold(&[]).await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    world
        .sim
        .authenticate(&payment.stripe_id.unwrap(), true)
        .await;
    // The page asks for its payment until it is made.
    app.becomes(&ann, order.id, PaymentStatus::Succeeded).await;
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Complete
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn not_confirmed_nothing_is_charged_and_another_card_may_be_tried() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, CARD).await).await;
    world
        .sim
        .authenticate(&payment.stripe_id.unwrap(), false)
        .await;
    let payment = app.becomes(&ann, order.id, PaymentStatus::Failed).await;
    assert!(
        payment.message.contains("not confirmed"),
        "{}",
        payment.message
    );
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Created)
        .await;
    paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(world.sim.charges(order.id).await, 1);
    world
        .has_published(&["payment:pending", "payment:failed", "payment:created"])
        .await;
}

/// The first card waits for its buyer, who takes another one; then the bank says no to the first.
#[tokio::test(flavor = "multi_thread")]
async fn another_card_takes_its_place() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let first = paid(app.pay(&ann, order.id, CARD).await).await;
    let second = paid(app.pay(&ann, order.id, "tok_visa").await).await;
    assert_eq!(first.id, second.id);
    assert_eq!(second.status, PaymentStatus::Succeeded);
    assert_eq!(world.sim.charges(order.id).await, 1);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Complete
    );
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
}

/// A failure notice of the first card, while the second one is being charged.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_notice_of_the_first_card_is_not_about_the_second() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let first = paid(app.pay(&ann, order.id, CARD).await).await;
    let intent = first.stripe_id.unwrap();
    world.sim.slowly(3_000).await;
    let request = app.paying(&ann, &crate::harness::paying_with(order.id, "tok_visa"));
    let second = tokio::spawn(async move { request.send().await.unwrap() });
    eventually("the second is under way", async || {
        let sql = "SELECT count(*) FROM payment WHERE attempt = 2 AND status = 'attempting'";
        (world.number(sql).await == 1).then_some(())
    })
    .await;
    let notice = crate::webhook::event(&intent, "payment_intent.payment_failed");
    crate::webhook::send(&app, &notice).await;
    let payment = paid(second.await.unwrap()).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(
        world.orders.show(&ann, order.id).await.status,
        OrderStatus::Complete
    );
    assert_eq!(world.sim.charges(order.id).await, 1);
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_after_it_leaves_the_first_behind() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    paid(app.pay(&ann, order.id, CARD).await).await;
    failed(app.pay(&ann, order.id, "tok_chargeDeclined").await).await;
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Created)
        .await;
    assert_eq!(world.sim.charges(order.id).await, 0);
}
