//! Postgres goes away, answers no more, or refuses for a while: nothing of that is an event's fault.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use futures::future::join_all;
use nix::sys::signal::Signal;
use rstest::rstest;
use things::PANIC;
use ticketing_messaging::dead_letter::redrive;
use ticketing_postgres::{prepared, tx};
use ticketing_testkit::{Link, Postgres, Process, Redis, eventually};
use tokio::time::timeout;

use crate::harness::World;

/// In a cluster of its own.
async fn world(postgres: &Postgres) -> World {
    World::on(postgres.schema("own").unwrap(), Redis::shared()).await
}

fn listen(world: &World, name: &str) -> Process {
    world.process(&["listen", "--claim-after", "500", "--consumer", name])
}

/// A process that reaches Postgres over the link.
fn through(link: &Link, world: &World, arguments: &[&str]) -> Process {
    let mut command = world.command(arguments);
    Process::start(command.env("DATABASE_PORT", link.port().to_string())).unwrap()
}

/// How often Postgres has logged `message`.
fn logged(postgres: &Postgres, message: &str) -> usize {
    postgres.engine.log().matches(message).count()
}

/// Ended as by a crash, or as by an administrator.
#[rstest]
#[case::killed(Signal::SIGQUIT)]
#[case::stopped(Signal::SIGINT)]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_restarts_under_load_again_and_again(#[case] signal: Signal) {
    let postgres = Postgres::start().unwrap();
    let mut world = world(&postgres).await;
    let (_relay, _listeners) = (
        world.process(&["relay"]),
        ["a", "b"].map(|n| listen(&world, n)),
    );
    let publisher = world.start_publisher();
    for _ in 0..5 {
        world.more_effects(300).await;
        postgres.engine.end(signal).unwrap();
        postgres.start_again().unwrap();
        world.sql = world.database.superuser().await;
    }
    world.more_effects(300).await;
    publisher.stopped().await;
    world.settled().await;
    world.published().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_ends_all_sessions_under_load() {
    let postgres = Postgres::start().unwrap();
    let world = world(&postgres).await;
    let (_relay, _listeners) = (
        world.process(&["relay"]),
        ["a", "b"].map(|n| listen(&world, n)),
    );
    let publisher = world.start_publisher();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE application_name = current_setting('search_path')";
    for _ in 0..30 {
        world.more_effects(30).await;
        eventually("somebody is connected", async || {
            (world.number(end).await > 0).then_some(())
        })
        .await;
    }
    world.more_effects(100).await;
    publisher.stopped().await;
    world.settled().await;
    world.published().await;
}

/// It is committed, and the listener does not know.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_listeners_commit_is_lost() {
    let world = World::new().await;
    let link = Link::to(world.settings.port).await;
    let _relay = world.start_relay();
    let _listener = through(&link, &world, &["listen", "--consumer", "a"]);
    let publisher = world.start_publisher();
    for cut in 1..=30 {
        link.cut_after(b"COMMIT");
        eventually("an answer is lost", async || {
            (link.cuts() == cut).then_some(())
        })
        .await;
        // Every third time, the next commit is that of the same events once more.
        if cut % 3 > 0 {
            world.more_effects(10).await;
        }
    }
    world.more_effects(100).await;
    publisher.stopped().await;
    world.settled().await;
}

/// The statement that stamps what is published: prepared, and then not executed.
#[tokio::test(flavor = "multi_thread")]
async fn the_relay_loses_its_session_before_it_has_stamped() {
    let world = World::new().await;
    let link = Link::to(world.settings.port).await;
    let _relay = through(&link, &world, &["relay"]);
    let _listener = listen(&world, "a");
    let publisher = world.start_publisher();
    for cut in 1..=20 {
        link.cut_after(b"UPDATE outbox SET stamp");
        eventually("an answer is lost", async || {
            (link.cuts() == cut).then_some(())
        })
        .await;
    }
    world.more_effects(100).await;
    publisher.stopped().await;
    world.settled().await;
    world.published().await;
}

/// It commits by itself, and the relay does not know: Postgres goes on with the statement of a client
/// that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_the_relays_stamping_is_lost() {
    let world = World::new().await;
    let link = Link::to(world.settings.port).await;
    let _relay = through(&link, &world, &["relay"]);
    let _listener = listen(&world, "a");
    let lock = world.database.superuser().await;
    let stamping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                    AND application_name = current_setting('search_path')";
    link.cut().await;
    for _ in 0..5 {
        world.change(&world.things(100)).await;
        // The stamp has to wait for these, the read has not.
        lock.batch_execute("BEGIN; SELECT * FROM outbox FOR UPDATE")
            .await
            .unwrap();
        link.mend();
        eventually("the entries are there, and the stamps wait", async || {
            (world.number(stamping).await == 1).then_some(())
        })
        .await;
        link.cut().await;
        lock.batch_execute("COMMIT").await.unwrap();
        // Nobody else could: the link is still cut.
        world.published().await;
    }
    world.settled().await;
    assert_eq!(world.entries().await, 500);
}

/// The table is locked for so long that the batch, and each event of it alone, fails more often than an
/// event may for a reason of its own (5).
#[rstest]
#[case::lock("lock_timeout")]
#[case::statement("statement_timeout")]
#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_buries_nothing(#[case] setting: &str) {
    let postgres = Postgres::start().unwrap();
    let world = world(&postgres).await;
    world.change(&world.things(3)).await;
    let role = &world.settings.user;
    let alter = format!("ALTER ROLE {role} SET {setting} = '100ms'");
    let lock = world.database.superuser().await;
    lock.batch_execute(&alter).await.unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE copy").await.unwrap();
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    let message = format!("canceling statement due to {}", setting.replace('_', " "));
    eventually("it has failed often", async || {
        (logged(&postgres, &message) > 8).then_some(())
    })
    .await;
    lock.batch_execute("COMMIT").await.unwrap();
    world.settled().await;
    assert_eq!(world.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// Each time it has appended to the stream before it fails, so that everything comes many times.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_can_not_stamp_in_time_repeats_and_loses_nothing() {
    let postgres = Postgres::start().unwrap();
    let world = world(&postgres).await;
    world.change(&world.things(100)).await;
    let alter = format!(
        "ALTER ROLE {} SET lock_timeout = '100ms'",
        world.settings.user
    );
    let lock = world.database.superuser().await;
    lock.batch_execute(&alter).await.unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE outbox IN SHARE MODE")
        .await
        .unwrap();
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    eventually("everything has come five times", async || {
        (world.entries().await >= 500).then_some(())
    })
    .await;
    lock.batch_execute("COMMIT").await.unwrap();
    world.published().await;
    world.settled().await;
}

/// Somebody takes the same locks the other way round, again and again, and Postgres ends the
/// listener's transaction each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_buries_nothing() {
    let postgres = Postgres::start().unwrap();
    let world = world(&postgres).await;
    let other = world.database.superuser().await;
    // The listener is the one who finds out, and so the one who has to give way.
    other
        .batch_execute("SET deadlock_timeout = '5s'; BEGIN; LOCK TABLE copy; SAVEPOINT one")
        .await
        .unwrap();
    world.change(&[world.thing()]).await;
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    while logged(&postgres, "deadlock detected") < 8 {
        world.waits_for("copy").await;
        // The listener has inserted into this one. An error: it had found out about another round.
        _ = other.batch_execute("LOCK TABLE effect").await;
        other.batch_execute("ROLLBACK TO one").await.unwrap();
    }
    other.batch_execute("COMMIT").await.unwrap();
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_away_when_relay_and_listener_start() {
    let postgres = Postgres::start().unwrap();
    let mut world = world(&postgres).await;
    world.change(&world.things(100)).await;
    postgres.crash().unwrap();
    let (relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    eventually("it has tried in vain, and again", async || {
        (relay.log().matches("starts over").count() > 2).then_some(())
    })
    .await;
    postgres.start_again().unwrap();
    world.sql = world.database.superuser().await;
    world.change(&world.things(100)).await;
    world.settled().await;
}

/// The entries are there, and the listener has them in hand when there is no Postgres to put them in.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_away_when_events_arrive() {
    let postgres = Postgres::start().unwrap();
    let mut world = world(&postgres).await;
    world.change(&world.things(100)).await;
    let relay = world.process(&["relay"]);
    world.published().await;
    relay.kill().unwrap();
    postgres.crash().unwrap();
    let listener = listen(&world, "a");
    eventually("it has tried in vain, and again", async || {
        (listener
            .log()
            .matches("events wait for what is away")
            .count()
            > 7)
        .then_some(())
    })
    .await;
    postgres.start_again().unwrap();
    world.sql = world.database.superuser().await;
    world.settled().await;
}

/// A panic leaves its transaction open, and the event's id in the inbox locked. Its connection must not
/// lie in the pool like that while the next attempt waits for the lock on another one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_panic_left_open_is_not_waited_for() {
    let world = World::new().await;
    let _relay = world.start_relay();
    world.change(&world.things(20)).await;
    world.change_to(&[world.thing()], PANIC).await;
    world.published().await;
    // All of them, so that there are others than the one that the handler has.
    let all = join_all((0..world.settings.connections).map(|_| world.pool.get())).await;
    drop(all);
    let _listener = world.start_listener("a");
    world.settled_but(1).await;
}

/// A request that is dropped in the middle of its transaction: its locks must not lie in the pool until
/// that connection's turn comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_is_rolled_back_at_once() {
    let world = World::new().await;
    let all = join_all((0..world.settings.connections).map(|_| world.pool.get())).await;
    drop(all);
    let things = world.things(1);
    {
        let mut connection = world.pool.get().await.unwrap();
        tx::begin(&mut connection).await.unwrap();
        diesel::sql_query("LOCK TABLE thing")
            .execute(&mut connection)
            .await
            .unwrap();
    }
    timeout(Duration::from_secs(30), world.change(&things))
        .await
        .unwrap();
}

/// It panics again when the letter is tried again, and the consumer goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_panics_again_does_not_end_the_consumer() {
    let world = World::new().await;
    let (_relay, listener) = (world.start_relay(), listen(&world, "a"));
    world.change_to(&[world.thing()], PANIC).await;
    world.settled_but(1).await;
    let mut connection = world.pool.get().await.unwrap();
    assert_eq!(redrive(&mut connection, None).await.unwrap(), 1);
    eventually("it has failed again", async || {
        let waiting = "SELECT count(*) FROM dead_letter WHERE redrive_at IS NOT NULL";
        (!listener.is_running() || world.number(waiting).await == 0).then_some(())
    })
    .await;
    assert!(listener.is_running(), "{}", listener.log());
    world.change(&world.things(10)).await;
    world.settled_but(1).await;
}

/// What will pass is told by how a message begins.
#[tokio::test(flavor = "multi_thread")]
async fn the_services_are_told_errors_in_english() {
    let world = World::new().await;
    let app = world.settings.connect().await.unwrap();
    let shown: String = prepared("SELECT current_setting('lc_messages')")
        .returning::<Text>()
        .get_result(&mut &app)
        .await
        .unwrap();
    assert_eq!(shown, "C");
}
