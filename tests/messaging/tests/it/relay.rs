//! From the outbox to the stream.

use std::time::Duration;

use futures::future::join_all;
use rstest::rstest;
use ticketing_messaging::stream::Fenced;
use ticketing_testkit::{Postgres, Redis, eventually, eventually_within};

use crate::harness::World;

/// Type, subject and version of all entries.
async fn published(world: &World) -> Vec<(String, i64)> {
    let mut connection = world.connection().await;
    let entries: Vec<(String, std::collections::BTreeMap<String, String>)> = redis::cmd("XRANGE")
        .arg(world.stream())
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    entries
        .into_iter()
        .map(|(_, fields)| {
            (
                fields["subject"].clone(),
                fields["version"].parse().unwrap(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_published_in_the_order_of_its_versions() {
    let world = World::new().await;
    let things = world.things(20);
    let relay = world.start_relay();
    // Several publishers at once, each thing's row lock between them.
    join_all((0..8).map(|_| async {
        for _ in 0..10 {
            world.change(&things).await;
        }
    }))
    .await;
    eventually("all is published", async || {
        (world.entries().await == 20 * 80).then_some(())
    })
    .await;
    let mut last = std::collections::BTreeMap::new();
    for (subject, version) in published(&world).await {
        let before = last.insert(subject, version).unwrap_or(0);
        assert_eq!(version, before + 1);
    }
    relay.stopped().await;
}

/// Nobody wakes the relay here but the announcement: it looks once a second by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_elsewhere_is_announced_to_the_leader() {
    let world = World::new().await;
    let leader = world.process(&["relay"]);
    eventually("somebody leads", async || {
        let locks = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%outbox%' \
                     AND application_name = current_setting('search_path')";
        (world.number(locks).await > 0).then_some(())
    })
    .await;
    let relay = world.relay();
    let wake = relay.wake();
    let pool = world.pool.clone();
    let _standing_by = world.start(|stop| relay.run(pool, stop));
    for round in 1..=20 {
        world.change(&[world.thing()]).await;
        wake.committed();
        eventually("it is published", async || {
            (world.entries().await == round).then_some(())
        })
        .await;
    }
    leader.kill().unwrap();
}

/// One batch is appended while the one before is stamped: so many entries come twice.
#[rstest]
#[case::one_batch("500", 100)]
#[case::two_batches("40", 80)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_appending_and_stamping(#[case] batch: &str, #[case] appended: usize) {
    let world = World::new().await;
    world.change(&world.things(100)).await;
    // The stamp has to wait for this lock, the read has not.
    let lock = world.database.superuser().await;
    lock.batch_execute("BEGIN; SELECT * FROM outbox FOR UPDATE")
        .await
        .unwrap();
    let relay = world.process(&["relay", "--batch", batch]);
    // Postgres would go on with the statement of a client that is gone.
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE application_name = current_setting('search_path') AND wait_event_type = 'Lock'";
    let waiting = end.replace("pg_terminate_backend(pid, 10000)", "count(*)");
    eventually("the entries are there, and the stamps wait", async || {
        (world.entries().await == appended && world.number(&waiting).await == 1).then_some(())
    })
    .await;
    relay.kill().unwrap();
    assert_eq!(world.sql.query(end, &[]).await.unwrap().len(), 1);
    lock.batch_execute("ROLLBACK").await.unwrap();
    let unstamped = "SELECT count(*) FROM outbox WHERE stamp IS NULL";
    assert_eq!(world.number(unstamped).await, 100);

    let _relay = world.start_relay();
    eventually("the next one has published them again", async || {
        (world.entries().await == appended + 100).then_some(())
    })
    .await;
    let _listener = world.start_listener("a");
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_at_once() {
    let world = World::new().await;
    let relays = [world.process(&["relay"]), world.process(&["relay"])];
    let _listener = world.start_listener("a");
    let things = world.things(50);
    for round in 0..20 {
        world.change(&things).await;
        // Now the one, now the other, in the middle of its work.
        if round % 5 == 4 {
            let relay = &relays[(round / 5) % 2];
            relay.freeze().unwrap();
            world.change(&things).await;
            relay.thaw().unwrap();
        }
    }
    world.settled().await;
    world.published().await;
}

/// It is stopped, not dead: Postgres ends its session, and with it the lead.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_loses_the_lead_and_can_do_no_harm_later() {
    let world = World::new().await;
    let hung = world.process(&["relay", "--batch", "10"]);
    world.change(&world.things(10)).await;
    eventually("it leads", async || {
        (world.entries().await == 10).then_some(())
    })
    .await;
    hung.freeze().unwrap();
    let _other = world.start_relay();
    let _listener = world.start_listener("a");
    world.change(&world.things(1000)).await;
    let limit = Duration::from_secs(120);
    eventually_within(limit, "the other leads, and has published", async || {
        (world.effects().await >= world.sent().await).then_some(())
    })
    .await;
    world.settled().await;
    hung.thaw().unwrap();
    world.change(&world.things(1000)).await;
    world.settled().await;
}

/// A transaction that took its numbers early and commits late: later numbers are published by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_not_overlooked() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    let other = world.database.superuser().await;
    other
        .batch_execute(
            "BEGIN; INSERT INTO outbox (id, kind, subject, version, time, data) \
             SELECT gen_random_uuid(), 'thing:changed', '00000000-0000-7000-8000-000000000001', 1, now(), \
                    '{\"id\":\"00000000-0000-7000-8000-000000000001\",\"version\":1,\"weight\":1}'; \
             INSERT INTO thing VALUES ('00000000-0000-7000-8000-000000000001', 1)",
        )
        .await
        .unwrap();
    // Enough looks for the floor to rise above it, if it could.
    for _ in 0..10 {
        world.change(&world.things(100)).await;
        world.settled().await;
    }
    other.batch_execute("COMMIT").await.unwrap();
    world.settled().await;
    assert_eq!(world.effects().await, 1001);
}

/// It is the only one, so that nothing that ends later tells that it is there. Without the relay's own
/// number it would count as one that has not begun, and be found by the sweep a minute later.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_of_the_newest_transaction_is_not_overlooked() {
    let postgres = Postgres::start().unwrap();
    let world = World::on(postgres.schema("own").unwrap(), Redis::shared()).await;
    let relay = world.relay();
    let mut leader = relay.take_the_lead(Fenced::new).await.unwrap().unwrap();
    let other = world.database.superuser().await;
    other
        .batch_execute(
            "BEGIN; INSERT INTO outbox (id, kind, subject, version, time, data) \
             SELECT gen_random_uuid(), 'thing:changed', gen_random_uuid(), 1, now(), '{}'",
        )
        .await
        .unwrap();
    for _ in 0..5 {
        assert_eq!(leader.publish().await.unwrap(), 0);
    }
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(leader.publish().await.unwrap(), 1);
}
