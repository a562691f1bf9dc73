//! Which deadlines fire, and when.

use chrono::TimeDelta;
use redis::cmd;
use ticketing_contracts::events::{
    Event, ExpirationEvent, OrderEvent, expirations, orders::Inventory,
};
use ticketing_contracts::ids::TicketId;
use ticketing_testkit::eventually;
use tokio::sync::Barrier;

use crate::harness::{World, cancelled, completed, deadline, extended};

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_when_its_time_has_come_and_not_before() {
    let world = World::new();
    let _instance = world.start("a");
    let [late, early] = [20, 15].map(|minutes| world.order(minutes));
    world.place(&[late.clone(), early.clone()]).await;
    world.keeps(2).await;
    world.advance(15);
    world.fires(&[deadline(&early)]).await;
    assert_eq!(world.kept().await, 1);
    world.advance(5);
    world.fires(&[deadline(&early), deadline(&late)]).await;
    assert_eq!(world.kept().await, 0);
}

/// The publisher sleeps for the later one.
#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_deadline_that_is_added_fires_in_its_turn() {
    let world = World::new();
    let _instance = world.start("a");
    let later = world.order(60);
    world.place(std::slice::from_ref(&later)).await;
    world.keeps(1).await;
    // Due at once.
    let earlier = world.order(0);
    world.place(std::slice::from_ref(&earlier)).await;
    world.fires(&[deadline(&earlier)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_over_does_not_fire() {
    let world = World::new();
    let _instance = world.start("a");
    let [bought, left, open] = [15, 15, 16].map(|minutes| world.order(minutes));
    world
        .place(&[bought.clone(), left.clone(), open.clone()])
        .await;
    world.keeps(3).await;
    world.say([completed(&bought), cancelled(&left)]).await;
    world.keeps(1).await;
    world.advance(20);
    world.fires(&[deadline(&open)]).await;
}

/// A lease moves the deadline: it fires at the old time for nothing, and at the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_moved_fires_at_its_new_time() {
    let world = World::new();
    let _instance = world.start("a");
    let order = world.order(15);
    let leased = extended(&order, 5);
    world.place(std::slice::from_ref(&order)).await;
    world.say([OrderEvent::Updated(leased.clone())]).await;
    world.keeps(2).await;
    world.advance(15);
    world.fires(&[deadline(&order)]).await;
    world.advance(5);
    world.fires(&[deadline(&order), deadline(&leased)]).await;
}

/// The lease was given back when the old deadline had fired already.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_moved_back_into_the_past_fires_again() {
    let world = World::new();
    let _instance = world.start("a");
    let order = world.order(15);
    world.place(std::slice::from_ref(&order)).await;
    world.say([OrderEvent::Updated(extended(&order, 5))]).await;
    world.keeps(2).await;
    world.advance(16);
    world.fires(&[deadline(&order)]).await;
    world.say([OrderEvent::Updated(order.clone())]).await;
    world.fires(&[deadline(&order), deadline(&order)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_order_takes_both_of_its_deadlines() {
    let world = World::new();
    let _instance = world.start("a");
    let (order, open) = (world.order(15), world.order(60));
    let leased = extended(&order, 5);
    world.place(&[order.clone(), open.clone()]).await;
    world.say([OrderEvent::Updated(leased.clone())]).await;
    world.keeps(3).await;
    world.say([completed(&leased)]).await;
    world.keeps(1).await;
    world.advance(60);
    world.fires(&[deadline(&open)]).await;
}

/// What comes again fires again at the worst, and then orders finds nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn old_events_that_come_again_do_no_harm() {
    let world = World::new();
    let _instance = world.start("a");
    let (order, open) = (world.order(15), world.order(16));
    world.place(&[order.clone(), open.clone()]).await;
    world.say([cancelled(&order)]).await;
    world.keeps(1).await;
    world.place(&[order.clone(), open.clone()]).await;
    world.keeps(2).await;
    world.advance(20);
    world.fires(&[deadline(&order), deadline(&open)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_stock_is_acknowledged_and_left_alone() {
    let world = World::new();
    let _instance = world.start("a");
    let stock = Inventory {
        ticket_id: TicketId::new(world.now()),
        version: 1,
        ticket_version: 1,
        capacity: 5,
        held: 2,
        sold: 0,
        next_release_at: Some(world.now()),
        order_id: None,
    };
    world
        .say(vec![OrderEvent::InventoryUpdated(stock); 700])
        .await;
    let open = world.order(0);
    world.place(std::slice::from_ref(&open)).await;
    world.fires(&[deadline(&open)]).await;
    world.all_is_heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_publish_each_deadline_once() {
    let world = World::new();
    let instances = ["a", "b"].map(|name| world.start(name));
    let orders: Vec<_> = (0..3000).map(|i| world.order(1 + i % 3)).collect();
    for some in orders.chunks(300) {
        world.place(some).await;
    }
    world.keeps(3000).await;
    for _ in 0..3 {
        world.advance(1);
    }
    world.keeps(0).await;
    let mut fired = world.fired().await;
    fired.sort();
    let mut expected: Vec<_> = orders.iter().map(deadline).collect();
    expected.sort();
    assert_eq!(fired, expected);
    for instance in instances {
        instance.stopped().await;
    }
    assert_eq!(world.fired().await.len(), 3000);
}

/// The negative control: two that first look, then publish, then remove. Between the steps of one, the
/// other does the same.
#[tokio::test(flavor = "multi_thread")]
async fn in_steps_of_their_own_two_publish_each_deadline_twice() {
    let world = World::new();
    let instance = world.start("a");
    let orders: Vec<_> = (0..100).map(|_| world.order(15)).collect();
    world.place(&orders).await;
    world.keeps(100).await;
    instance.stopped().await;
    let (deadlines, stream) = (
        world.redis.key(expirations::DEADLINES),
        world.redis.key(ExpirationEvent::STREAM),
    );
    let both_have_looked = Barrier::new(2);
    let take = async || {
        let mut connection = world.connection().await;
        let due: Vec<String> = cmd("ZRANGE")
            .arg(&[&deadlines, "0", "-1"])
            .query_async(&mut connection)
            .await
            .unwrap();
        both_have_looked.wait().await;
        for member in due {
            let mut steps = redis::pipe();
            steps.cmd("XADD").arg(&[&stream, "*", "due", &member]);
            steps.cmd("ZREM").arg(&[&deadlines, &member]);
            steps.query_async::<()>(&mut connection).await.unwrap();
        }
    };
    tokio::join!(take(), take());
    let published: usize = cmd("XLEN")
        .arg(&stream)
        .query_async(&mut world.connection().await)
        .await
        .unwrap();
    assert_eq!(published, 200);
}

/// One that ends right after it has added a deadline wakes nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_nobody_told_of_is_found() {
    let world = World::new();
    let _instance = world.start("a");
    let far = world.order(60);
    world.place(std::slice::from_ref(&far)).await;
    world.keeps(1).await;
    let order = world.order(0);
    let text = ticketing_contracts::time::to_text(order.release_at);
    let mut connection = world.connection().await;
    cmd("ZADD")
        .arg(world.redis.key(expirations::DEADLINES))
        .arg(order.release_at.timestamp_millis())
        .arg(format!("{}|{text}", order.id))
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    world.fires(&[deadline(&order)]).await;
}

/// What orders has acknowledged is removed, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn its_stream_is_trimmed_when_orders_has_acknowledged() {
    let world = World::new();
    let _instance = world.start("a");
    let orders: Vec<_> = (0..1000)
        .map(|i| {
            let mut order = world.order(0);
            order.release_at -= TimeDelta::milliseconds(i);
            order
        })
        .collect();
    world.place(&orders).await;
    world.keeps(0).await;
    eventually("all have fired", async || {
        (world.fired().await.len() == 1000).then_some(())
    })
    .await;
    let stream = world.redis.key(ExpirationEvent::STREAM);
    let mut connection = world.connection().await;
    let mut say = async |words: &[&str]| {
        let (first, rest) = words.split_first().unwrap();
        let mut command = cmd(first);
        command
            .arg(rest)
            .query_async::<redis::Value>(&mut connection)
            .await
            .unwrap()
    };
    say(&["XGROUP", "CREATE", &stream, "orders", "0"]).await;
    say(&[
        "XREADGROUP",
        "GROUP",
        "orders",
        "x",
        "COUNT",
        "900",
        "STREAMS",
        &stream,
        ">",
    ])
    .await;
    // It was given 900 and has acknowledged the first 700.
    let mut connection = world.connection().await;
    let ids: Vec<(String, redis::Value)> = cmd("XRANGE")
        .arg(&[&stream, "-", "+", "COUNT", "700"])
        .query_async(&mut connection)
        .await
        .unwrap();
    let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
    cmd("XACK")
        .arg(&[&stream, "orders"])
        .arg(&ids)
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    // Redis made the entries' ids, by its own clock.
    world.advance(60);
    // Whole blocks of a hundred are removed.
    let left = eventually("what is acknowledged is gone", async || {
        let left = world.fired().await;
        (left.len() < 500).then_some(left)
    })
    .await;
    assert!(left.len() >= 300, "{} are left", left.len());
}
