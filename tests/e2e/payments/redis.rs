//! Money does not wait for the streams, and is not lost with them.

use redis::AsyncCommands;
use ticketing_contracts::{
    api::{orders::Order, tickets::Ticket},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use crate::harness::{Person, Stack, frozen};

async fn paid_while_redis_is_frozen(stack: &Stack) -> (Ticket, Person, Order) {
    let people = stack.people(2).await;
    let ticket = people[0].sell("Without streams", 1).await;
    let buyer = people[1].clone();
    let order = buyer.gets(ticket.id, 1).await;
    let redis = stack.pid_of_engine("redis").unwrap();
    frozen(redis, async {
        buyer.paid(order.id, "tok_visa").await;
        let bought = buyer.shows(order.id).await;
        assert_eq!(bought.status, OrderStatus::Complete);
    })
    .await;
    (ticket, buyer, order)
}

async fn is_theirs(stack: &Stack, ticket: &Ticket, buyer: &Person, order: &Order) {
    stack
        .shown(ticket.id, "sold", |shown| shown.sold == 1)
        .await;
    buyer.sees_complete(order.id).await;
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, 0));
    stack.is_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_between_a_success_and_its_event() {
    let stack = Stack::get();
    let (ticket, buyer, order) = paid_while_redis_is_frozen(&stack).await;
    is_theirs(&stack, &ticket, &buyer, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wiped_between_a_success_and_its_event() {
    let stack = Stack::get();
    let (ticket, buyer, order) = paid_while_redis_is_frozen(&stack).await;
    eventually("Redis is wiped", async || {
        let mut redis = stack.redis().await.ok()?;
        redis.flushall::<()>().await.ok()
    })
    .await;
    is_theirs(&stack, &ticket, &buyer, &order).await;
}
