//! `payments resync`: all of it once more.

use ticketing_contracts::events::Event;
use ticketing_testkit::eventually;

use crate::harness::{World, failed, paid};

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_as_it_is() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let orders = [
        world.order(&ann).await.id,
        world.order(&ann).await.id,
        world.order(&ann).await.id,
    ];
    failed(app.pay(&ann, orders[0], "tok_chargeDeclined").await).await;
    paid(app.pay(&ann, orders[0], "tok_visa").await).await;
    failed(app.pay(&ann, orders[1], "tok_chargeDeclined").await).await;
    paid(app.pay(&ann, orders[2], "tok_threeDSecure2Required").await).await;
    let before = [
        "payment:failed",
        "payment:created",
        "payment:failed",
        "payment:pending",
    ];
    world.has_published(&before).await;
    payments::resync::run(&world.settings).await.unwrap();
    let again = eventually("all is published again", async || {
        let events = world.published().await;
        (events.len() == before.len() + 3).then(|| events[before.len()..].to_vec())
    })
    .await;
    let again: Vec<_> = again
        .iter()
        .map(|event| (event.kind(), event.version()))
        .collect();
    assert_eq!(
        again,
        [
            ("payment:created", 2),
            ("payment:failed", 1),
            ("payment:pending", 1)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_nothing() {
    let world = World::new().await;
    payments::resync::run(&world.settings).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM outbox").await, 0);
}
