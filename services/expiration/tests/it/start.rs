//! An instance that was not there, and one that ends.

use chrono::TimeDelta;
use ticketing_testkit::eventually;

use crate::harness::{World, deadline};

/// The deadlines are in the stream of orders, in another order, and some in the set already.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_start_publishes_all_that_is_overdue_at_once_in_the_order_of_the_deadlines() {
    let world = World::new();
    let mut orders: Vec<_> = (0..2500)
        .map(|i| {
            let mut order = world.order(15);
            order.release_at += TimeDelta::milliseconds(i);
            order
        })
        .collect();
    // As good as shuffled: the ids end at random.
    orders.sort_by_key(|order| order.id.0.as_u128().reverse_bits());
    let (before, after) = orders.split_at(1000);
    let instance = world.start("a");
    world.place(before).await;
    world.keeps(1000).await;
    instance.stopped().await;
    for some in after.chunks(500) {
        world.place(some).await;
    }
    let future = world.order(120);
    world.place(std::slice::from_ref(&future)).await;
    world.advance(60);

    let _late = world.start("b");
    let mut expected: Vec<_> = orders.iter().map(deadline).collect();
    expected.sort_by_key(|(_, at)| *at);
    world.fires(&expected).await;
    assert_eq!(world.kept().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_hand_is_done_when_it_stops() {
    let world = World::new();
    let instance = world.start("a");
    let orders: Vec<_> = (0..500).map(|_| world.order(15)).collect();
    world.place(&orders).await;
    world.keeps(500).await;
    instance.stopped().await;
    assert_eq!(world.pending().await, 0);
    world.advance(15);
    let _next = world.start("b");
    eventually("the next one fires them", async || {
        (world.fired().await.len() == 500).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_while_redis_is_away() {
    let redis = ticketing_testkit::Redis::start().unwrap();
    let world = World::on(&redis);
    let instance = world.start("a");
    let order = world.order(0);
    world.place(std::slice::from_ref(&order)).await;
    world.fires(&[deadline(&order)]).await;
    redis.crash().unwrap();
    eventually("it has noticed", async || {
        (instance.get("/health/ready").await.status() == 503).then_some(())
    })
    .await;
    instance.stopped().await;
}
