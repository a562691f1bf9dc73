//! What orders tells, again and out of order.

use ticketing_contracts::{
    api::payments::PaymentStatus,
    events::{OrderEvent, orders::RefundDue},
    ids::{OrderId, PaymentId},
};
use ticketing_testkit::eventually;

use crate::harness::{App, Fault, User, World, now, paid};

/// As orders tells of it, once more.
async fn cancelled(world: &World) -> OrderEvent {
    eventually("orders has told of a cancelled order", async || {
        let events = world.stream().await;
        events
            .into_iter()
            .find(|event| matches!(event, OrderEvent::Cancelled(_)))
    })
    .await
}

/// Who has paid which order by which payment, and how orders asks for that to be given back.
async fn to_be_refunded(world: &World, app: &App) -> (User, OrderId, PaymentId, OrderEvent) {
    let ann = world.user();
    let order = world.order(&ann).await.id;
    let payment_id = paid(app.pay(&ann, order, "tok_visa").await).await.id;
    let other = world.order(&ann).await.id;
    world.orders.cancel(&ann, other).await;
    let OrderEvent::Cancelled(mut snapshot) = cancelled(world).await else {
        panic!();
    };
    snapshot.id = order;
    let due = RefundDue {
        order: snapshot,
        payment_id,
    };
    (ann, order, payment_id, OrderEvent::RefundDue(due))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_noted_before_anybody_pays() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    world.orders.cancel(&ann, order).await;
    let event = cancelled(&world).await;
    world.publish(&event).await;
    eventually("it is noted, once", async || {
        (world.number("SELECT count(*) FROM ended").await == 1).then_some(())
    })
    .await;
    // Even if orders would let it through.
    let sql = format!(
        "UPDATE orders SET status = 'created', reason = NULL WHERE id = '{order}'; \
         UPDATE order_item SET held_until = now() + interval '1 hour' WHERE order_id = '{order}'; \
         UPDATE inventory SET held = 1, next_release_at = now() + interval '1 hour'"
    );
    world.orders.sql.batch_execute(&sql).await.unwrap();
    let answer = app.pay(&ann, order, "tok_visa").await;
    assert_eq!(answer.status(), reqwest::StatusCode::CONFLICT);
    assert_eq!(world.sim.asked("POST /v1/payment_intents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_asked_for_twice_is_made_once() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, order, _, due) = to_be_refunded(&world, &app).await;
    for _ in 0..3 {
        world.publish(&due).await;
    }
    app.becomes(&ann, order, PaymentStatus::Refunded).await;
    world.publish(&due).await;
    world
        .has_published(&["payment:created", "payment:refunded"])
        .await;
    assert_eq!(world.sim.refunded(order).await, 10_50);
    assert_eq!(world.sim.asked("POST /v1/refunds").await, 1);
}

/// While this instance waits for the payment's lock another one notes the refund, and tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_another_instance_has_noted_is_not_told_again() {
    let world = World::new().await;
    let app = world.start().await;
    let (_, _, _, due) = to_be_refunded(&world, &app).await;
    // A webhook of the refund would wait for the lock as well.
    let hangs = Fault("refund", "hang", 1);
    world.sim.hangs_untold(hangs, 5).await;
    world.publish(&due).await;
    eventually("the refund is asked for", async || {
        (world.sim.asked("POST /v1/refunds").await == 1).then_some(())
    })
    .await;
    let lock = "BEGIN; SELECT FROM payment FOR UPDATE";
    world.sql.batch_execute(lock).await.unwrap();
    eventually("it waits for the lock", async || {
        (world.waiting().await == 1).then_some(())
    })
    .await;
    let noted = "UPDATE refund SET status = 'succeeded', stripe_id = 're_1'; \
                 UPDATE payment SET version = version + 1, due_at = NULL; COMMIT";
    world.sql.batch_execute(noted).await.unwrap();
    eventually("it has looked", async || {
        (world.waiting().await == 0).then_some(())
    })
    .await;
    app.stopped().await;
    let told = "SELECT count(*) FROM outbox WHERE kind = 'payment:refunded'";
    assert_eq!(world.number(told).await, 0);
}

/// Whoever writes about a payment locks it, and notes a refund then. The other way round, each would have
/// what the other one waits for.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_noted_by_whoever_has_locked_its_payment() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, order, payment, due) = to_be_refunded(&world, &app).await;
    let lock = "BEGIN; SELECT FROM payment FOR UPDATE";
    world.sql.batch_execute(lock).await.unwrap();
    world.publish(&due).await;
    eventually("it waits for the lock", async || {
        (world.waiting().await == 1).then_some(())
    })
    .await;
    let noted = format!(
        "SET LOCAL lock_timeout = '500ms'; \
         INSERT INTO refund (payment_id, status, created_at) VALUES ('{}', 'due', now()); \
         UPDATE payment SET due_at = now(); COMMIT",
        payment
    );
    world.sql.batch_execute(&noted).await.unwrap();
    app.becomes(&ann, order, PaymentStatus::Refunded).await;
    assert_eq!(world.sim.refunded(order).await, 10_50);
}

/// It would be a mistake of orders': somebody must look at it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_a_payment_that_nobody_made_is_a_dead_letter() {
    let world = World::new().await;
    let _app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    world.orders.cancel(&ann, order).await;
    let OrderEvent::Cancelled(order) = cancelled(&world).await else {
        panic!();
    };
    let payment_id = PaymentId::new(now());
    world
        .publish(&OrderEvent::RefundDue(RefundDue { order, payment_id }))
        .await;
    eventually("it is put away", async || {
        (world.number("SELECT count(*) FROM dead_letter").await == 1).then_some(())
    })
    .await;
}
