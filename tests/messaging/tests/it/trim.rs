//! What is removed from a stream, and what must not be.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use redis::Value;
use ticketing_messaging::{Stamp, consumer::ConsumerSettings, relay::Relay};
use ticketing_testkit::{ManualClock, eventually};

use crate::harness::{Running, World};

/// Redis trims whole nodes only, of at most a hundred entries: so many may stay at the end, and as many
/// in the node that holds the newest.
const SHORT: usize = 200;

/// A publisher that listens to itself, and another service: two declared groups.
async fn two_services() -> (World, World) {
    let world = World::new().await;
    let other = world.another().await;
    (world, other)
}

/// Trims what both have acknowledged, at once.
fn relay(world: &World) -> Relay {
    world
        .relay()
        .groups(["listeners", "others"])
        .keep(Duration::ZERO)
}

fn start_relay(world: &World) -> Running {
    let (relay, pool) = (relay(world), world.pool.clone());
    world.start(|stop| relay.run(pool, stop))
}

fn start_other(other: &World, name: &str) -> Running {
    let consumer = other.consumer(ConsumerSettings {
        group: "others".into(),
        ..other.consumer_settings(name)
    });
    other.start(|stop| consumer.run(stop))
}

/// Up to where all groups have acknowledged, as Postgres knows it.
async fn position(world: &World) -> i64 {
    world.number("SELECT acked FROM outbox_position").await
}

/// How many of the entries above `acked` the position counts as acknowledged. (It may be higher by
/// itself: up to right before the oldest pending entry.)
async fn acknowledged_above(world: &World, acked: i64) -> i64 {
    let above = format!(
        "SELECT count(*) FROM outbox, outbox_position AS position \
         WHERE stamp > {acked} AND stamp <= position.acked"
    );
    world.number(&above).await
}

/// The last entry that was published.
async fn end(world: &World) -> i64 {
    world.number("SELECT max(stamp) FROM outbox").await
}

async fn acknowledged_to_the_end(world: &World) {
    world.published().await;
    eventually("everything is acknowledged", async || {
        (position(world).await == end(world).await).then_some(())
    })
    .await;
}

async fn is_short(world: &World) {
    eventually("the stream is short", async || {
        (world.entries().await < SHORT).then_some(())
    })
    .await;
}

/// Fails when an entry above `acked` is missing. For while nobody acknowledges.
async fn nothing_is_missing_above(world: &World, acked: i64) {
    let mut connection = world.connection().await;
    let entries: Vec<(String, Value)> = redis::cmd("XRANGE")
        .arg(world.stream())
        .arg(format!("({}", Stamp::from_number(acked)))
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    let there: BTreeSet<i64> = entries
        .iter()
        .map(|(id, _)| id.parse::<Stamp>().unwrap().number())
        .collect();
    let published = "SELECT stamp FROM outbox WHERE stamp > $1";
    let published = world.sql.query(published, &[&acked]).await.unwrap();
    let published: BTreeSet<i64> = published.iter().map(|row| row.get(0)).collect();
    let missing: Vec<_> = published.difference(&there).collect();
    assert!(
        missing.is_empty(),
        "{} of {} are missing, from {:?} on",
        missing.len(),
        published.len(),
        missing.first()
    );
}

/// It has been given entries and can't get on with them.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_group_has_not_acknowledged_stays() {
    let (world, slow) = two_services().await;
    let _relay = start_relay(&world);
    let _listener = world.start_listener("a");
    let _slow = start_other(&slow, "a");
    world.change(&world.things(1000)).await;
    slow.heard(&world).await;
    acknowledged_to_the_end(&world).await;
    let acked = position(&world).await;
    slow.sql
        .batch_execute("BEGIN; LOCK TABLE copy_history")
        .await
        .unwrap();
    let things = world.things(300);
    for _ in 0..15 {
        world.change(&things).await;
    }
    world.settled().await;
    slow.waits_for("copy_history").await;
    // The first thousand go, so that it is trimmed all the while.
    eventually("what both have acknowledged is gone", async || {
        (world.entries().await < 4500 + SHORT).then_some(())
    })
    .await;
    nothing_is_missing_above(&world, acked).await;
    assert_eq!(acknowledged_above(&world, acked).await, 0);

    slow.sql.batch_execute("ROLLBACK").await.unwrap();
    slow.heard(&world).await;
    acknowledged_to_the_end(&world).await;
    is_short(&world).await;
}

/// They have been given entries and are gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_dead_consumers_were_given_stays_until_another_has_it() {
    let (world, other) = two_services().await;
    let running = start_relay(&world);
    let _listener = world.start_listener("a");
    world.change(&world.things(2000)).await;
    world.settled().await;
    let mut connection = world.connection().await;
    redis::cmd("XGROUP")
        .arg(&["CREATE", &world.stream(), "others", "0"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    for (count, consumer) in [(700, "dies"), (600, "dies-too")] {
        redis::cmd("XREADGROUP")
            .arg(&["GROUP", "others", consumer, "COUNT"])
            .arg(count)
            .arg(&["STREAMS", &world.stream(), ">"])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    }
    let things = world.things(300);
    for _ in 0..5 {
        world.change(&things).await;
    }
    world.settled().await;
    running.stopped().await;
    world.look(&relay(&world)).await;
    nothing_is_missing_above(&world, 0).await;

    let _relay = start_relay(&world);
    let _other = start_other(&other, "b");
    other.heard(&world).await;
    acknowledged_to_the_end(&world).await;
    is_short(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_trimmed_while_a_declared_group_is_missing() {
    let (world, late) = two_services().await;
    let running = start_relay(&world);
    let _listener = world.start_listener("a");
    let things = world.things(300);
    for _ in 0..15 {
        world.change(&things).await;
    }
    world.settled().await;
    running.stopped().await;
    world.look(&relay(&world)).await;
    assert_eq!((world.entries().await, position(&world).await), (4500, 0));

    let _relay = start_relay(&world);
    let _late = start_other(&late, "a");
    late.heard(&world).await;
    acknowledged_to_the_end(&world).await;
    is_short(&world).await;
}

/// The negative control: what the tests above are about happens to a group that nobody declared.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_declared_misses_what_was_trimmed() {
    let (world, late) = two_services().await;
    let relay = relay(&world).groups(["listeners"]);
    let pool = world.pool.clone();
    let _relay = world.start(|stop| relay.run(pool, stop));
    let _listener = world.start_listener("a");
    world.change(&world.things(2000)).await;
    world.settled().await;
    is_short(&world).await;
    let left = world.entries().await;
    let _late = start_other(&late, "a");
    eventually("it has what there was", async || {
        (late.effects().await >= i64::try_from(left).unwrap()).then_some(())
    })
    .await;
    assert!(late.effects().await < 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_groups_keep_up_stays_short() {
    let (world, other) = two_services().await;
    let _relay = start_relay(&world);
    let _listeners = [world.start_listener("a"), world.start_listener("b")];
    let _others = [start_other(&other, "a"), start_other(&other, "b")];
    let things = world.things(300);
    for _ in 0..30 {
        world.change(&things).await;
    }
    world.settled().await;
    other.heard(&world).await;
    acknowledged_to_the_end(&world).await;
    is_short(&world).await;
}

/// web reads without a group, and must find what happened lately.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_younger_than_is_to_be_kept_stay_though_acknowledged() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let relay = world.relay().keep(Duration::from_secs(3600));
    let _listener = world.start_listener("a");
    let publish = async || {
        world.change(&world.things(500)).await;
        world.look(&relay).await;
        world.settled().await;
        eventually("all of it is acknowledged", async || {
            world.look(&relay).await;
            (position(&world).await == end(&world).await).then_some(())
        })
        .await;
    };
    publish().await;
    assert_eq!(world.entries().await, 500);
    clock.advance(TimeDelta::minutes(40));
    publish().await;
    assert_eq!(world.entries().await, 1000);

    clock.advance(TimeDelta::minutes(21));
    world.look(&relay).await;
    let left = world.entries().await;
    assert!((500..500 + SHORT).contains(&left), "{left}");
    nothing_is_missing_above(&world, world.number(OLDEST_OF_THE_SECOND_HALF).await - 1).await;
}

const OLDEST_OF_THE_SECOND_HALF: &str =
    "SELECT stamp FROM outbox WHERE stamp IS NOT NULL ORDER BY stamp OFFSET 500 LIMIT 1";

/// With it the relay knows where to begin again when Redis has lost everything.
#[tokio::test(flavor = "multi_thread")]
async fn the_acknowledged_position_is_that_of_the_slowest_group_and_never_falls() {
    let (world, slow) = two_services().await;
    let relay = relay(&world);
    let _listener = world.start_listener("a");
    let other = start_other(&slow, "a");
    let look = async || {
        world.look(&relay).await;
        position(&world).await
    };
    world.change(&world.things(100)).await;
    eventually("both have acknowledged", async || {
        (look().await == end(&world).await).then_some(())
    })
    .await;
    let first = position(&world).await;

    // It is given these and can't acknowledge them.
    slow.sql
        .batch_execute("BEGIN; LOCK TABLE copy_history")
        .await
        .unwrap();
    world.change(&world.things(100)).await;
    look().await;
    slow.waits_for("copy_history").await;
    world.settled().await;
    look().await;
    assert_eq!(acknowledged_above(&world, first).await, 0);
    assert!(position(&world).await >= first);
    slow.sql.batch_execute("ROLLBACK").await.unwrap();
    slow.heard(&world).await;
    eventually("both have acknowledged", async || {
        (look().await == end(&world).await).then_some(())
    })
    .await;
    let second = position(&world).await;
    assert!(second > first);

    // By hand: first it is missing, then it begins anew.
    other.stopped().await;
    let mut connection = world.connection().await;
    let stream = world.stream();
    let mut group = async |words: &[&str]| {
        redis::cmd("XGROUP")
            .arg(words)
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    };
    group(&["DESTROY", &stream, "others"]).await;
    assert_eq!(look().await, second);
    group(&["CREATE", &stream, "others", "0"]).await;
    world.change(&world.things(100)).await;
    assert_eq!(look().await, second);
    world.settled().await;
    assert_eq!(look().await, second);

    let _other = start_other(&slow, "a");
    slow.heard(&world).await;
    eventually("both have acknowledged", async || {
        (look().await == end(&world).await).then_some(())
    })
    .await;
}
