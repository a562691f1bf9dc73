//! Reading without a group: what comes, and whether something was missed.

use std::time::Duration;

use redis::cmd;
use ticketing_messaging::{
    Stamp,
    tail::{Past, Places, Read, Since, Tail},
};
use ticketing_testkit::eventually;
use uuid::Uuid;

use crate::harness::World;

/// Far more than any test waits: what is there is answered at once.
const BLOCK: Duration = Duration::from_secs(20);
const ANY: usize = 1_000;

/// The stream, and one that nobody ever writes to.
fn keys(world: &World) -> [String; 2] {
    [world.stream(), world.redis.key("silence")]
}

async fn tail(world: &World, block: Duration) -> Tail<2> {
    Tail::open(&world.redis, keys(world), block).await.unwrap()
}

async fn past(world: &World) -> Past<2> {
    Past::new(world.connection().await, keys(world))
}

fn subjects(read: &Read<2>) -> Vec<Uuid> {
    assert!(read.entries.iter().all(|seen| seen.stream == 0));
    read.entries
        .iter()
        .map(|seen| seen.envelope.subject)
        .collect()
}

/// Publishes a change of each of so many new things.
async fn publish(world: &World, count: usize) -> Vec<Uuid> {
    let things = world.things(count);
    for thing in &things {
        world.change(&[*thing]).await;
    }
    let relay = world.start_relay();
    world.published().await;
    relay.stopped().await;
    things
}

async fn since(past: &mut Past<2>, places: Places<2>) -> Option<Vec<Uuid>> {
    match past.since(places, ANY).await.unwrap() {
        Since::All(read) => Some(subjects(&read)),
        Since::Lost => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_where_the_streams_end() {
    let world = World::new().await;
    publish(&world, 3).await;
    let mut tail = tail(&world, BLOCK).await;
    let mut past = past(&world).await;
    let ends = past.ends().await.unwrap();
    assert_eq!(ends[1], Stamp::ZERO);
    let things = publish(&world, 3).await;
    let first = tail.next(ends, 2).await.unwrap();
    let second = tail.next(first.upto, ANY).await.unwrap();
    assert_eq!(subjects(&first), things[..2]);
    assert_eq!(subjects(&second), things[2..]);
    assert_eq!(second.upto, past.ends().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_what_comes() {
    let world = World::new().await;
    let mut waiting = tail(&world, BLOCK).await;
    let mut past = past(&world).await;
    let ends = past.ends().await.unwrap();
    let next = tokio::spawn(async move { waiting.next(ends, ANY).await.unwrap() });
    eventually("it waits", async || {
        let clients: String = cmd("CLIENT")
            .arg("LIST")
            .query_async(&mut world.connection().await)
            .await
            .unwrap();
        clients.contains("cmd=xread ").then_some(())
    })
    .await;
    let things = publish(&world, 1).await;
    assert_eq!(subjects(&next.await.unwrap()), things);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nothing_comes_it_stays_where_it_is() {
    let world = World::new().await;
    publish(&world, 1).await;
    let mut tail = tail(&world, Duration::ZERO).await;
    let mut past = past(&world).await;
    let ends = past.ends().await.unwrap();
    let read = tail.next(ends, ANY).await.unwrap();
    assert_eq!(read.entries, []);
    assert_eq!(read.upto, ends);
}

/// A listener would make a dead letter of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_passed_over() {
    let world = World::new().await;
    let mut tail = tail(&world, BLOCK).await;
    let mut past = past(&world).await;
    let begin = past.ends().await.unwrap();
    let before = publish(&world, 1).await;
    cmd("XADD")
        .arg(&[&world.stream(), "*", "what", "nonsense"])
        .query_async::<()>(&mut world.connection().await)
        .await
        .unwrap();
    let after = publish(&world, 1).await;
    let read = tail.next(begin, ANY).await.unwrap();
    assert_eq!(subjects(&read), [before, after].concat());
    let end = past.ends().await.unwrap();
    assert_eq!(read.upto, end);
    assert!(past.has_all_since(end).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_missed_is_there() {
    let world = World::new().await;
    let mut past = past(&world).await;
    let begin = past.ends().await.unwrap();
    let first = publish(&world, 3).await;
    let middle = past.ends().await.unwrap();
    let second = publish(&world, 3).await;
    let end = past.ends().await.unwrap();
    assert_eq!(
        since(&mut past, begin).await.unwrap(),
        [first, second.clone()].concat()
    );
    assert_eq!(since(&mut past, middle).await.unwrap(), second);
    assert!(since(&mut past, end).await.unwrap().is_empty());
    for places in [begin, middle, end] {
        assert!(past.has_all_since(places).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_was_asked_for_is_too_much() {
    let world = World::new().await;
    let mut past = past(&world).await;
    let begin = past.ends().await.unwrap();
    let things = publish(&world, 3).await;
    match past.since(begin, 3).await.unwrap() {
        Since::All(read) => assert_eq!(subjects(&read), things),
        Since::Lost => panic!("three are not more than three"),
    }
    assert_eq!(past.since(begin, 2).await.unwrap(), Since::Lost);
    assert!(past.has_all_since(begin).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_trimmed_is_missed() {
    let world = World::new().await;
    let mut past = past(&world).await;
    let begin = past.ends().await.unwrap();
    publish(&world, 2).await;
    let middle = past.ends().await.unwrap();
    let third = publish(&world, 1).await;
    let end = past.ends().await.unwrap();
    let trim = async |below: Stamp| {
        cmd("XTRIM")
            .arg(&[&world.stream(), "MINID", &below.to_string()])
            .query_async::<()>(&mut world.connection().await)
            .await
            .unwrap();
    };
    // Its last entry stays.
    trim(middle[0]).await;
    assert_eq!(since(&mut past, begin).await, None);
    assert!(!past.has_all_since(begin).await.unwrap());
    assert_eq!(since(&mut past, middle).await, Some(third));
    trim(Stamp::from_number(end[0].number() + 1)).await;
    assert_eq!(since(&mut past, middle).await, None);
    assert_eq!(since(&mut past, end).await, Some(Vec::new()));
}

/// Until the relay has published again, every place is beyond the end; from then on those are good whose
/// entries came again, under the ids that they had.
#[tokio::test(flavor = "multi_thread")]
async fn what_redis_lost_is_missed_unless_it_is_published_again() {
    let world = World::new().await;
    let mut past = past(&world).await;
    let begin = past.ends().await.unwrap();
    publish(&world, 2).await;
    let acknowledged = past.ends().await.unwrap();
    let listener = world.start_listener("a");
    world.settled().await;
    listener.stopped().await;
    // Notes what is acknowledged.
    world.look(&world.relay()).await;
    let second = publish(&world, 2).await;
    let end = past.ends().await.unwrap();

    cmd("DEL")
        .arg(world.stream())
        .query_async::<()>(&mut world.connection().await)
        .await
        .unwrap();
    for places in [acknowledged, end] {
        assert_eq!(since(&mut past, places).await, None);
    }
    let third = publish(&world, 1).await;
    assert_eq!(since(&mut past, end).await, Some(third.clone()));
    let fourth = [second, third].concat();
    assert_eq!(since(&mut past, begin).await, Some(fourth));
    // Its own entry was not published again: what lay between it and the first is not known.
    assert_eq!(since(&mut past, acknowledged).await, None);
}
