//! From the stream to its effect.

use ticketing_testkit::{Redis, TestDatabase, eventually};

use crate::harness::World;

/// How many entries are delivered and not acknowledged.
async fn pending(world: &World) -> usize {
    let mut connection = world.connection().await;
    let summary: redis::RedisResult<(usize, redis::Value, redis::Value, redis::Value)> =
        redis::cmd("XPENDING")
            .arg(world.stream())
            .arg("listeners")
            .query_async(&mut connection)
            .await;
    // Until the group is made there is an error.
    summary.map_or(0, |(pending, ..)| pending)
}

/// Three batches of ten are there, the first is at its handler and has to wait. The second is fetched
/// meanwhile, the third is not.
async fn one_in_hand_and_one_fetched_ahead(world: &World) {
    eventually("two of the batches are delivered", async || {
        (pending(world).await >= 20).then_some(())
    })
    .await;
    eventually("the handler is at work", async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'effect'::regclass \
                       AND NOT granted";
        (world.number(waiting).await > 0).then_some(())
    })
    .await;
    assert_eq!(pending(world).await, 20);
}

async fn thirty_that_have_to_wait(world: &World) {
    let relay = world.start_relay();
    world.change(&world.things(30)).await;
    world.published().await;
    relay.stopped().await;
    world
        .sql
        .batch_execute("BEGIN; LOCK TABLE effect")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_with_a_batch_in_hand_and_one_fetched_ahead() {
    let world = World::new().await;
    thirty_that_have_to_wait(&world).await;
    let listener = world.process(&["listen", "--batch", "10", "--consumer", "a"]);
    one_in_hand_and_one_fetched_ahead(&world).await;
    listener.kill().unwrap();
    world.sql.batch_execute("ROLLBACK").await.unwrap();
    let _other = world.start_listener("b");
    world.settled().await;
}

/// Nobody has to wait for what it was given until it counts as dead.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_stops_finishes_what_it_has_fetched_and_fetches_no_more() {
    let world = World::new().await;
    thirty_that_have_to_wait(&world).await;
    let mut settings = world.consumer_settings("a");
    settings.batch = 10;
    // Chores would come before what is fetched.
    settings.claim_after = std::time::Duration::from_secs(60);
    let consumer = world.consumer(settings);
    let listener = world.start(|stop| consumer.run(stop));
    one_in_hand_and_one_fetched_ahead(&world).await;
    listener.stop.cancel();
    world.sql.batch_execute("ROLLBACK").await.unwrap();
    listener.stopped().await;
    assert_eq!((world.effects().await, pending(&world).await), (20, 0));
    let _other = world.start_listener("b");
    world.settled().await;
}

/// Redis stops answering after it has delivered, so that the acknowledgement can't get through.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_commit_and_acknowledgement() {
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let relay = world.start_relay();
    // The handler waits for the lock until Redis is frozen.
    world
        .sql
        .batch_execute("BEGIN; LOCK TABLE effect")
        .await
        .unwrap();
    world.change(&world.things(300)).await;
    let listener = world.process(&["listen", "--consumer", "a"]);
    eventually("the handler is at work", async || {
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation \
                       WHERE relname = 'effect' AND NOT granted";
        (world.number(waiting).await > 0).then_some(())
    })
    .await;
    relay.stopped().await;
    redis.engine.freeze().unwrap();
    world.sql.batch_execute("ROLLBACK").await.unwrap();
    eventually("the effects are committed", async || {
        (world.effects().await == 300).then_some(())
    })
    .await;
    listener.kill().unwrap();
    redis.engine.thaw().unwrap();

    let _again = world.process(&["listen", "--consumer", "a"]);
    eventually("everything is acknowledged", async || {
        (pending(&world).await == 0).then_some(())
    })
    .await;
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_batch() {
    let world = World::new().await;
    let _relay = world.start_relay();
    // The effects are noted, then the copies have to wait.
    world
        .sql
        .batch_execute("BEGIN; LOCK TABLE copy")
        .await
        .unwrap();
    world.change(&world.things(500)).await;
    let listener = world.process(&["listen", "--consumer", "a"]);
    eventually("the handler has done one half", async || {
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation \
                       WHERE relname = 'copy' AND NOT granted";
        (world.number(waiting).await > 0).then_some(())
    })
    .await;
    listener.kill().unwrap();
    world.sql.batch_execute("ROLLBACK").await.unwrap();
    let _other = world.start_listener("b");
    world.settled().await;
}

/// Their entries are taken over by those that live.
#[tokio::test(flavor = "multi_thread")]
async fn three_consumers_of_a_group_and_one_dies_every_time() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let listen = |name: String| {
        let arguments = [
            "listen",
            "--batch",
            "20",
            "--claim-after",
            "300",
            "--consumer",
        ];
        world.process(&[&arguments[..], &[&name]].concat())
    };
    let mut listeners: Vec<_> = (0..3).map(|i| listen(format!("first-{i}"))).collect();
    for round in 0..9 {
        let before = world.effects().await;
        world.change(&world.things(400)).await;
        eventually("they are at work", async || {
            (world.effects().await > before + 40).then_some(())
        })
        .await;
        listeners.remove(0).kill().unwrap();
        // Under another name: what the dead one had is not its own.
        listeners.push(listen(format!("round-{round}")));
    }
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_twenty_times() {
    let world = World::new().await;
    world.change(&world.things(10)).await;
    let relay = world.start_relay();
    eventually("it is published", async || {
        (world.entries().await == 10).then_some(())
    })
    .await;
    relay.stopped().await;
    let mut connection = world.connection().await;
    let entries: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
        .arg(world.stream())
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    for _ in 0..19 {
        for (_, fields) in &entries {
            redis::cmd("XADD")
                .arg(world.stream())
                .arg("*")
                .arg(fields)
                .query_async::<()>(&mut connection)
                .await
                .unwrap();
        }
    }
    // By several at once, too.
    let _listeners = ["a", "b", "c"].map(|name| world.start_listener(name));
    eventually("the group has read all", async || {
        let groups: Vec<std::collections::BTreeMap<String, redis::Value>> = redis::cmd("XINFO")
            .arg("GROUPS")
            .arg(world.stream())
            .query_async(&mut connection)
            .await
            .unwrap();
        let number = |name| match &groups.first()?[name] {
            redis::Value::Int(number) => Some(*number),
            _ => None,
        };
        (number("lag")? == 0 && number("pending")? == 0).then_some(())
    })
    .await;
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_removed_by_hand_is_made_again_and_misses_nothing() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    // Without a stream there is no group to remove.
    eventually("it listens", async || {
        (!world.consumers().await.is_empty()).then_some(())
    })
    .await;
    let mut connection = world.connection().await;
    let things = world.things(20);
    for _ in 0..10 {
        world.change(&things).await;
        redis::cmd("XGROUP")
            .arg("DESTROY")
            .arg(world.stream())
            .arg("listeners")
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
        world.change(&things).await;
        world.settled().await;
    }
}

/// A later version of the publisher may say more than this one knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_type_is_skipped() {
    let world = World::new().await;
    world.change(&world.things(3)).await;
    world
        .sql
        .batch_execute(
            "INSERT INTO outbox (id, kind, subject, version, time, data) \
             VALUES (gen_random_uuid(), 'thing:praised', gen_random_uuid(), 1, now(), '{}')",
        )
        .await
        .unwrap();
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.change(&world.things(3)).await;
    eventually("the known ones took effect", async || {
        (world.effects().await == 6).then_some(())
    })
    .await;
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// Long gone, with nothing pending: nobody knows the name any more.
#[tokio::test(flavor = "multi_thread")]
async fn consumers_that_are_long_gone_are_forgotten() {
    let world = World::new().await;
    let _relay = world.start_relay();
    world.start_listener("gone").stopped().await;
    let mut settings = world.consumer_settings("here");
    settings.forget_after = std::time::Duration::from_millis(200);
    let here = world.consumer(settings);
    let _here = world.start(|stop| here.run(stop));
    eventually("only one is left", async || {
        (world.consumers().await == ["here"]).then_some(())
    })
    .await;
}
