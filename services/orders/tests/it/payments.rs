//! The listener of the stream `payments`, and what the buyer is told.

use reqwest::StatusCode;
use rstest::rstest;
use ticketing_contracts::{
    api::orders::{Order, OrderPayment, OrderPaymentStatus as Told},
    events::{
        OrderEvent, PaymentEvent,
        payments::{Payment, PaymentReason},
    },
    ids::{EventId, OrderId, PaymentId},
    internal::Settled,
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use crate::{
    harness::{App, User, World, now},
    internal::{give_back, lease, settle},
};

/// The payment of `order`, as payments tells of it.
fn payment(order: &Order, version: i64, reason: Option<PaymentReason>) -> Payment {
    Payment {
        id: PaymentId(order.id.0),
        order_id: order.id,
        user_id: order.user_id,
        amount: 10_50,
        currency: order.currency,
        stripe_id: format!("pi_{}", order.id),
        version,
        reason,
    }
}

fn made(order: &Order) -> PaymentEvent {
    PaymentEvent::Created(payment(order, 1, None))
}

fn refunded(order: &Order) -> PaymentEvent {
    PaymentEvent::Refunded(payment(order, 2, Some(PaymentReason::OrderEnded)))
}

/// A payment of it is under way.
async fn being_paid(app: &App, world: &World, user: &User) -> Order {
    let ticket = world.offered(1).await;
    let order = app.placed(user, ticket).await;
    lease(app, user, order.id).await;
    order
}

/// Waits until the order's buyer is told this, and by an event: what settles it is written before that.
async fn is_told(app: &App, user: &User, order: OrderId, status: Told, words: &str) -> Order {
    eventually("the buyer is told", async || {
        let order = app.show(user, order).await;
        let told = order.payment.as_ref()?;
        let is = told.status == status && told.message.contains(words) && told.version > 0;
        is.then_some(order)
    })
    .await
}

/// Waits until all that was published so far has been handled: a payment of its own is.
async fn caught_up(app: &App, world: &World) {
    let user = world.user();
    let mark = being_paid(app, world, &user).await;
    world.publish(&made(&mark)).await;
    is_told(app, &user, mark.id, Told::Succeeded, "Paid").await;
}

async fn number_of(world: &World, kind: &str) -> i64 {
    world
        .number(&format!(
            "SELECT count(*) FROM outbox WHERE kind = '{kind}'"
        ))
        .await
}

/// payments could not tell it directly: the event is enough, and a repeat of it changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_of_which_only_the_event_tells() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    let ticket = order.ticket.id;
    for _ in 0..2 {
        world.publish(&made(&order)).await;
    }
    let complete = is_told(
        &app,
        &ann,
        order.id,
        Told::Succeeded,
        "Paid. The tickets are yours.",
    )
    .await;
    assert_eq!(complete.status, OrderStatus::Complete);
    caught_up(&app, &world).await;
    assert_eq!(app.show(&ann, order.id).await, complete);
    assert_eq!(world.stock(ticket).await, (1, 0, 1));
    let of = format!(
        "SELECT count(*) FROM outbox WHERE kind = 'order:completed' AND subject = '{}'",
        order.id
    );
    assert_eq!(world.number(&of).await, 1);
    assert_eq!(
        settle(&app, order.id, PaymentId(order.id.0)).await,
        Settled::Complete
    );
}

/// As it is mostly: the event comes when all is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_is_settled_already() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    assert_eq!(
        settle(&app, order.id, PaymentId(order.id.0)).await,
        Settled::Complete
    );
    let mut complete = app.show(&ann, order.id).await;
    let told = complete.payment.as_mut().unwrap();
    assert_eq!(told.status, Told::Succeeded, "without the event");
    assert_eq!(told.version, 0, "of which nothing was heard");
    world.publish(&made(&order)).await;
    caught_up(&app, &world).await;
    told.version = 1;
    assert_eq!(app.show(&ann, order.id).await, complete);
}

/// A lease that was over, a rival who has not paid in time either: whoever paid has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_success_frees_holds_that_are_over() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let order = being_paid(&app, &world, &ann).await;
    let ticket = order.ticket.id;
    world.let_expire(order.id).await;
    let rival = app.placed(&bob, ticket).await;
    assert_eq!(
        app.show(&ann, order.id).await.status,
        OrderStatus::Cancelled
    );
    world.let_expire(rival.id).await;

    world.publish(&made(&order)).await;
    let complete = is_told(
        &app,
        &ann,
        order.id,
        Told::Succeeded,
        "after the order had ended",
    )
    .await;
    assert_eq!(complete.status, OrderStatus::Complete);
    let rival = app.show(&bob, rival.id).await;
    assert_eq!(
        (rival.status, rival.payment),
        (OrderStatus::Cancelled, None)
    );
    assert_eq!(world.stock(ticket).await, (1, 0, 1));
    assert_eq!(world.wrong_books().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_success_whose_tickets_are_gone_is_given_back() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    let order = being_paid(&app, &world, &ann).await;
    world.let_expire(order.id).await;
    app.placed(&bob, order.ticket.id).await;

    world.publish(&made(&order)).await;
    let gone = "the tickets were gone. You get your money back.";
    is_told(&app, &ann, order.id, Told::Refunding, gone).await;
    caught_up(&app, &world).await;
    assert_eq!(number_of(&world, "order:refund-due").await, 1);
    eventually("payments is told which", async || {
        let events = world.published().await;
        let due = |event: &OrderEvent| {
            matches!(event, OrderEvent::RefundDue(due) if due.payment_id == PaymentId(order.id.0))
        };
        events.iter().any(due).then_some(())
    })
    .await;
    world.publish(&refunded(&order)).await;
    is_told(
        &app,
        &ann,
        order.id,
        Told::Refunded,
        "You have your money back.",
    )
    .await;
    // A repeat of what was before.
    world.publish(&made(&order)).await;
    caught_up(&app, &world).await;
    let told = app.show(&ann, order.id).await.payment.unwrap();
    assert_eq!(told.status, Told::Refunded);
    assert_eq!(number_of(&world, "order:refund-due").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_after_the_buyer_has_cancelled_is_given_back() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    give_back(&app, order.id).await;
    assert_eq!(
        app.cancel(&ann, order.id).await.status(),
        StatusCode::NO_CONTENT
    );
    world.publish(&made(&order)).await;
    is_told(
        &app,
        &ann,
        order.id,
        Told::Refunding,
        "after you had cancelled",
    )
    .await;
    assert_eq!(
        world.stock(order.ticket.id).await,
        (1, 0, 0),
        "anybody can have it"
    );
    world.publish(&refunded(&order)).await;
    is_told(
        &app,
        &ann,
        order.id,
        Told::Refunded,
        "after you had cancelled",
    )
    .await;
}

#[rstest]
#[case::confirm(
    PaymentEvent::Pending,
    PaymentReason::RequiresAction,
    Told::Pending,
    "Your bank wants you"
)]
#[case::unclear(
    PaymentEvent::Pending,
    PaymentReason::Unconfirmed,
    Told::Pending,
    "Don't pay again"
)]
#[case::declined(
    PaymentEvent::Failed,
    PaymentReason::Declined,
    Told::Failed,
    "try another card until"
)]
#[case::not_confirmed(
    PaymentEvent::Failed,
    PaymentReason::NotAuthenticated,
    Told::Failed,
    "did not confirm"
)]
#[case::not_made(
    PaymentEvent::Failed,
    PaymentReason::Unavailable,
    Told::Failed,
    "could not be made"
)]
#[case::ended(
    PaymentEvent::Failed,
    PaymentReason::OrderEnded,
    Told::Failed,
    "ended before it was paid"
)]
#[case::of_another_day(
    PaymentEvent::Failed,
    PaymentReason::Other,
    Told::Failed,
    "Nothing was charged"
)]
#[tokio::test(flavor = "multi_thread")]
async fn why_it_is_not_simply_paid(
    #[case] event: fn(Payment) -> PaymentEvent,
    #[case] reason: PaymentReason,
    #[case] status: Told,
    #[case] words: &str,
) {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    let under_way = app.show(&ann, order.id).await.payment.unwrap();
    assert_eq!(under_way.message, "Your payment is being made.");
    world
        .publish(&event(payment(&order, 1, Some(reason))))
        .await;
    if status == Told::Failed {
        give_back(&app, order.id).await;
    }
    let told = is_told(&app, &ann, order.id, status, words).await;
    let in_the_list = app
        .get(&ann, "/api/orders")
        .await
        .json::<Vec<Order>>()
        .await
        .unwrap();
    assert_eq!(in_the_list, [told]);
}

/// A page tells of each order's own payment.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_some_that_were_paid() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let untried = app.placed(&ann, world.offered(1).await).await;
    let declined = being_paid(&app, &world, &ann).await;
    let paid = being_paid(&app, &world, &ann).await;
    let failed = payment(&declined, 1, Some(PaymentReason::Declined));
    world.publish(&PaymentEvent::Failed(failed)).await;
    world.publish(&made(&paid)).await;
    give_back(&app, declined.id).await;
    is_told(&app, &ann, paid.id, Told::Succeeded, "Paid").await;
    is_told(&app, &ann, declined.id, Told::Failed, "declined").await;
    let list = app
        .get(&ann, "/api/orders")
        .await
        .json::<Vec<Order>>()
        .await
        .unwrap();
    let status = |payment: OrderPayment| payment.status;
    let told: Vec<_> = list
        .into_iter()
        .map(|order| (order.id, order.payment.map(status)))
        .collect();
    let expected = [
        (paid.id, Some(Told::Succeeded)),
        (declined.id, Some(Told::Failed)),
        (untried.id, None),
    ];
    assert_eq!(told, expected);
}

/// A late notice about the first card means nothing once more is known.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_newer_counts() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    let pending = |version| {
        PaymentEvent::Pending(payment(
            &order,
            version,
            Some(PaymentReason::RequiresAction),
        ))
    };
    let unclear = PaymentEvent::Pending(payment(&order, 5, Some(PaymentReason::Unconfirmed)));
    for event in [pending(2), unclear, pending(1)] {
        world.publish(&event).await;
    }
    is_told(&app, &ann, order.id, Told::Pending, "Don't pay again").await;
    // Also when it comes in another batch, or with the same version.
    for event in [pending(3), pending(5)] {
        world.publish(&event).await;
        caught_up(&app, &world).await;
    }
    is_told(&app, &ann, order.id, Told::Pending, "Don't pay again").await;
    let known = format!(
        "SELECT version FROM order_payment WHERE order_id = '{}'",
        order.id
    );
    assert_eq!(world.number(&known).await, 5);
}

/// More than may wait, from two instances at once: each is settled, once.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once() {
    let world = World::new().await.set("RESERVATION_QUEUE", "8");
    let (app, _other) = (world.start().await, world.start().await);
    let (ann, ticket) = (world.user(), world.offered(500).await);
    let mut orders = Vec::new();
    for _ in 0..60 {
        let order = app.placed(&ann, ticket).await;
        lease(&app, &ann, order.id).await;
        orders.push(order);
    }
    for order in &orders {
        let id = EventId::new(now());
        for _ in 0..2 {
            world.publish_as(id, &made(order)).await;
        }
    }
    eventually("all are complete", async || {
        let complete = "SELECT count(*) FROM orders WHERE status = 'complete'";
        (world.number(complete).await == 60).then_some(())
    })
    .await;
    caught_up(&app, &world).await;
    assert_eq!(world.stock(ticket).await, (500, 0, 60));
    assert_eq!(world.wrong_books().await, 0);
    assert_eq!(number_of(&world, "order:completed").await, 61);
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// What no order can be paid with is put away, and the others are handled.
#[tokio::test(flavor = "multi_thread")]
async fn poison() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = being_paid(&app, &world, &ann).await;
    let mut nowhere = payment(&order, 1, None);
    nowhere.order_id = OrderId::new(now());
    world.publish(&PaymentEvent::Created(nowhere.clone())).await;
    world.publish(&made(&order)).await;
    redis::cmd("XADD")
        .arg(world.redis.key("payments"))
        .arg(&[
            "*",
            "id",
            &EventId::new(now()).to_string(),
            "type",
            "payment:failed",
        ])
        .arg(&["subject", &order.id.to_string(), "version", "2"])
        .arg(&["time", "2026-11-21T15:33:41.000Z", "traceparent", ""])
        .arg(&["data", r#"{"id": "not a payment"}"#])
        .query_async::<()>(&mut world.redis().await)
        .await
        .unwrap();
    is_told(&app, &ann, order.id, Told::Succeeded, "Paid").await;
    let letters = eventually("both are put away", async || {
        let rows = world
            .sql
            .query("SELECT kind, error FROM dead_letter ORDER BY kind", &[])
            .await
            .unwrap();
        (rows.len() == 2).then_some(rows)
    })
    .await;
    let letters: Vec<(String, String)> =
        letters.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(letters[0].0, "payment:created");
    assert!(
        letters[0].1.contains(&nowhere.order_id.to_string()),
        "{letters:?}"
    );
    assert_eq!(letters[1].0, "payment:failed");
    caught_up(&app, &world).await;
}
