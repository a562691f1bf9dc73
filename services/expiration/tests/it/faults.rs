//! A Redis that goes, with and without what it held.

use ticketing_contracts::events::OrderEvent;
use ticketing_testkit::{Redis, eventually};

use crate::harness::{World, deadline, extended};

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_restarted_still_has_the_deadlines() {
    let redis = Redis::durable().unwrap();
    let world = World::on(&redis);
    let _instance = world.start("a");
    let before = world.order(15);
    world.place(std::slice::from_ref(&before)).await;
    world.keeps(1).await;
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.start_again().unwrap();
    let after = world.order(16);
    world.place(std::slice::from_ref(&after)).await;
    world.keeps(2).await;
    world.advance(20);
    world.fires(&[deadline(&before), deadline(&after)]).await;
}

/// They fall due while nothing can be published.
#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_while_redis_is_away_fires_when_it_is_back() {
    let redis = Redis::durable().unwrap();
    let world = World::on(&redis);
    let instance = world.start("a");
    let orders = [15, 16, 17].map(|minutes| world.order(minutes));
    world.place(&orders).await;
    world.keeps(3).await;
    // What is not acknowledged is heard once more, and would fire twice.
    world.all_is_heard().await;
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    world.advance(20);
    eventually("it has noticed", async || {
        (instance.get("/health/ready").await.status() == 503).then_some(())
    })
    .await;
    redis.start_again().unwrap();
    world.fires(&orders.each_ref().map(deadline)).await;
}

/// Orders publishes every open order again when Redis has lost its stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_lost_everything_gets_the_deadlines_from_orders_again() {
    let redis = Redis::durable().unwrap();
    let world = World::on(&redis);
    let _instance = world.start("a");
    let (created, order) = (world.order(15), world.order(15));
    let leased = extended(&order, 5);
    world.place(&[created.clone(), order]).await;
    world.say([OrderEvent::Updated(leased.clone())]).await;
    world.keeps(3).await;
    redis.crash().unwrap();
    redis.lose_everything().unwrap();
    redis.start_again().unwrap();
    assert_eq!(world.kept().await, 0);
    let open = [&created, &leased].map(|order| OrderEvent::Updated(order.clone()));
    world.say(open).await;
    world.keeps(2).await;
    world.advance(20);
    world.fires(&[deadline(&created), deadline(&leased)]).await;
}

/// It hangs: connections stay open and nothing answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_frozen_is_waited_for() {
    let redis = Redis::start().unwrap();
    let world = World::on(&redis);
    let instance = world.start("a");
    let order = world.order(15);
    world.place(std::slice::from_ref(&order)).await;
    world.keeps(1).await;
    redis.engine.freeze().unwrap();
    world.advance(15);
    eventually("it has noticed", async || {
        (instance.get("/health/ready").await.status() == 503).then_some(())
    })
    .await;
    redis.engine.thaw().unwrap();
    world.fires(&[deadline(&order)]).await;
}
