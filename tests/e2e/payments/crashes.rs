//! payments is killed at the worst moments. It is started again, and what it was at has one end: the order
//! is complete, or the money is back, once.

use reqwest::StatusCode;
use ticketing_contracts::api::orders::Order;
use ticketing_testkit::eventually;

use crate::harness::{Fault, Person, Stack, frozen, kill_at_once};

async fn order(stack: &Stack) -> (Person, Order) {
    stack.scaled("payments", 1).await;
    // The test before has killed it, and Traefik may not have it back yet.
    eventually("payments is routed to", async || {
        let answer = stack.get_path("/api/payments/config").await;
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
    let people = stack.people(2).await;
    let ticket = people[0].sell("Cut short", 1).await;
    let buyer = people[1].clone();
    let order = buyer.gets(ticket.id, 1).await;
    (buyer, order)
}

fn kill_payments(stack: &Stack) {
    let pids = stack.pids_of("payments");
    assert!(!pids.is_empty() && pids.into_iter().all(kill_at_once));
}

async fn is_paid_once(stack: &Stack, buyer: &Person, order: &Order) {
    buyer.sees_complete(order.id).await;
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, 0));
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
    stack.is_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn before_stripe_is_asked_to_charge() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let slow = Fault {
        order: order.id,
        route: "create",
        fault: "hang-before",
        seconds: 8,
    };
    stack
        .simulator()
        .with_faults(slow.once(), async || {
            let paying = buyer.begins_to_pay(order.id, "tok_visa");
            eventually("the attempt is written", async || {
                buyer.payment_of(order.id).await.map(drop)
            })
            .await;
            assert_eq!(stack.simulator().charges(order.id).await, 0);
            kill_payments(&stack);
            // Whatever the buyer was answered.
            let _ = paying.await.unwrap();
        })
        .await;
    is_paid_once(&stack, &buyer, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_stripe_has_charged_and_before_it_is_written() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let unknown = Fault::confirming(order.id, "hang").once_untold();
    stack
        .simulator()
        .with_faults(unknown, async || {
            let paying = buyer.begins_to_pay(order.id, "tok_visa");
            stack.simulator().charged(order.id).await;
            kill_payments(&stack);
            let _ = paying.await.unwrap();
            // No webhook tells it.
            buyer.sees_complete(order.id).await;
        })
        .await;
    is_paid_once(&stack, &buyer, &order).await;
}

/// Nothing is published while Redis stands still.
#[tokio::test(flavor = "multi_thread")]
async fn after_it_is_written_and_before_it_is_published() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let redis = stack.pid_of_engine("redis").unwrap();
    frozen(redis, async {
        buyer.paid(order.id, "tok_visa").await;
        kill_payments(&stack);
    })
    .await;
    is_paid_once(&stack, &buyer, &order).await;
}
