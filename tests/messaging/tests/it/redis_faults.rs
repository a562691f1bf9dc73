//! Redis loses what it was given, or is away: the relay sees it and publishes again.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rstest::rstest;
use things::{GROUP, publisher};
use ticketing_messaging::{Stamp, connection::check, trim::Trimmer};
use ticketing_testkit::{ManualClock, Process, Redis, TestDatabase, connect_patiently, eventually};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::World;

const ALL_STAMPS: &str = "SELECT coalesce(max(stamp), 0) FROM outbox";
const ACKED: &str = "SELECT acked FROM outbox_position";

/// As a service that listens does, but quick to take over what is pending.
fn listen(world: &World, name: &str) -> Process {
    world.process(&["listen", "--claim-after", "500", "--consumer", name])
}

/// The numbers of the entries that are in the stream.
async fn in_stream(world: &World) -> BTreeSet<i64> {
    let entries: Vec<(String, redis::Value)> = redis::cmd("XRANGE")
        .arg(world.stream())
        .arg("-")
        .arg("+")
        .query_async(&mut world.connection().await)
        .await
        .unwrap();
    let number = |(id, _): (String, _)| id.parse::<Stamp>().unwrap().number();
    entries.into_iter().map(number).collect()
}

/// Waits until every row is stamped, and every row above `after` is in the stream under its stamp.
async fn complete_above(world: &World, after: i64) {
    world.published().await;
    let rows = world
        .sql
        .query("SELECT stamp FROM outbox WHERE stamp > $1", &[&after])
        .await
        .unwrap();
    let stamps: BTreeSet<i64> = rows.iter().map(|row| row.get(0)).collect();
    eventually("what is stamped is in the stream", async || {
        stamps.is_subset(&in_stream(world).await).then_some(())
    })
    .await;
}

/// Waits until the relay has noted that everything is acknowledged.
async fn acknowledged(world: &World) -> i64 {
    world.published().await;
    eventually("the relay knows what is acknowledged", async || {
        let acked = world.number(ACKED).await;
        (acked >= world.number(ALL_STAMPS).await).then_some(acked)
    })
    .await
}

/// What is lost differs by `bytes`: none, or so many that the file ends within a command.
#[rstest]
#[case::between_two_commands(0)]
#[case::within_a_command(7)]
#[case::within_another(43)]
#[tokio::test(flavor = "multi_thread")]
async fn redis_loses_its_tail_under_load_again_and_again(#[case] bytes: u64) {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    let publisher = world.start_publisher();
    world.more_effects(100).await;
    for round in 0..5 {
        let kept = redis.aof_len().unwrap();
        // Handled, acknowledged, and forgotten by Redis: more every time.
        world.more_effects(50 << round).await;
        redis.crash().unwrap();
        redis.lose_tail(kept - bytes).unwrap();
        redis.start_again().unwrap();
        world.more_effects(100).await;
    }
    publisher.stopped().await;
    world.settled().await;
    // It is too early for anything to be trimmed.
    complete_above(&world, 0).await;
}

/// Nobody listens meanwhile: what the group has not acknowledged must be there for when it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_survives_a_lost_tail() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let _relay = world.process(&["relay"]);
    let listener = listen(&world, "a");
    world.change(&world.things(100)).await;
    world.settled().await;
    listener.kill().unwrap();
    for _ in 0..3 {
        world.change(&world.things(100)).await;
        world.published().await;
        let kept = redis.aof_len().unwrap();
        world.change(&world.things(100)).await;
        world.published().await;
        redis.crash().unwrap();
        redis.lose_tail(kept).unwrap();
        redis.start_again().unwrap();
        complete_above(&world, 0).await;
    }
    assert_eq!(world.effects().await, 100);
    let _again = listen(&world, "b");
    world.settled().await;
}

/// The listener has the batch in hand, and Redis knows of neither the entries nor their delivery.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_in_hand_survives_a_lost_tail() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    world.change(&world.things(100)).await;
    world.settled().await;
    for _ in 0..3 {
        let kept = redis.aof_len().unwrap();
        let lock = world.database.superuser().await;
        lock.batch_execute("BEGIN; LOCK TABLE effect IN SHARE MODE")
            .await
            .unwrap();
        world.change(&world.things(100)).await;
        eventually("the handler is at work", async || {
            let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'effect'::regclass \
                           AND NOT granted";
            (world.number(waiting).await > 0).then_some(())
        })
        .await;
        world.published().await;
        redis.crash().unwrap();
        redis.lose_tail(kept).unwrap();
        redis.start_again().unwrap();
        complete_above(&world, 0).await;
        lock.batch_execute("ROLLBACK").await.unwrap();
        world.settled().await;
    }
}

/// The group was made after the entries; or the stream itself is in what is lost.
#[rstest]
#[case::the_group(true)]
#[case::all(false)]
#[tokio::test(flavor = "multi_thread")]
async fn the_group_is_in_the_tail_that_is_lost(#[case] the_stream_stays: bool) {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let _relay = world.process(&["relay"]);
    world.change(&world.things(100)).await;
    world.published().await;
    let kept = if the_stream_stays {
        redis.aof_len().unwrap()
    } else {
        0
    };
    let _listener = listen(&world, "a");
    for _ in 0..3 {
        world.change(&world.things(100)).await;
        world.settled().await;
        let acked = acknowledged(&world).await;
        redis.crash().unwrap();
        redis.lose_tail(kept).unwrap();
        redis.start_again().unwrap();
        world.change(&world.things(100)).await;
        world.settled().await;
        complete_above(&world, if the_stream_stays { 0 } else { acked }).await;
    }
}

/// Never to be persistent, or persistent and then with another disk.
#[rstest]
#[case::that_keeps_nothing(false)]
#[case::whose_disk_is_replaced(true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_restarts_empty_under_load_again_and_again(#[case] durable: bool) {
    let redis = if durable {
        Redis::durable().unwrap()
    } else {
        Redis::start().unwrap()
    };
    let world = World::on(TestDatabase::new(), &redis).await;
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    let publisher = world.start_publisher();
    for round in 0..5 {
        world.more_effects(50 << round).await;
        redis.crash().unwrap();
        if durable {
            redis.lose_everything().unwrap();
        }
        redis.start_again().unwrap();
        world.more_effects(100).await;
    }
    publisher.stopped().await;
    world.settled().await;
    world.published().await;
    // Without a hole, from wherever it began after the last time.
    let first = in_stream(&world).await.first().copied().unwrap();
    complete_above(&world, first).await;
}

/// Exactly the backlog is there again: no more is needed, and no less will do.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_survives_a_redis_that_restarts_empty() {
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let _relay = world.process(&["relay"]);
    let listener = listen(&world, "a");
    world.change(&world.things(100)).await;
    world.settled().await;
    let acked = acknowledged(&world).await;
    listener.kill().unwrap();
    for round in 1..=3 {
        world.change(&world.things(700)).await;
        world.published().await;
        redis.crash().unwrap();
        redis.start_again().unwrap();
        complete_above(&world, acked).await;
        let stream = in_stream(&world).await;
        assert_eq!(stream.len(), round * 700);
        assert!(*stream.first().unwrap() > acked);
    }
    let _again = listen(&world, "b");
    world.settled().await;
}

/// What lived in Redis alone is published anew by the hook. A stream that it finds is still empty: a
/// relay that dies within it does all of it again.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_told_of_each_wipe_once_and_before_the_stream_is_filled() {
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (told, filled) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let relay = world.relay().on_wipe({
        let (told, filled) = (Arc::clone(&told), Arc::clone(&filled));
        let (settings, stream) = (world.redis.clone(), world.stream());
        let (pool, clock, deadlines) = (world.pool.clone(), world.clock.clone(), world.things(5));
        move || {
            let (told, filled) = (Arc::clone(&told), Arc::clone(&filled));
            let (settings, stream) = (settings.clone(), stream.clone());
            let (pool, clock, deadlines) = (pool.clone(), clock.clone(), deadlines.clone());
            async move {
                let mut redis = settings.connect().await?;
                let entries: usize = redis::cmd("XLEN")
                    .arg(stream)
                    .query_async(&mut redis)
                    .await?;
                filled.fetch_add(entries, Ordering::SeqCst);
                let mut connection = pool.get().await?;
                publisher::change(&mut connection, &deadlines, 1, clock.now()).await?;
                told.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        }
    });
    let pool = world.pool.clone();
    let _relay = world.start(|stop| relay.run(pool, stop));
    let _listener = listen(&world, "a");
    world.change(&world.things(100)).await;
    world.settled().await;
    assert_eq!(told.load(Ordering::SeqCst), 0);
    for round in 1..=4 {
        world.change(&world.things(100)).await;
        redis.crash().unwrap();
        redis.start_again().unwrap();
        eventually("the service is told", async || {
            (told.load(Ordering::SeqCst) == round).then_some(())
        })
        .await;
        world.change(&world.things(100)).await;
        world.settled().await;
        acknowledged(&world).await;
    }
    assert_eq!(told.load(Ordering::SeqCst), 4);
    assert_eq!(filled.load(Ordering::SeqCst), 0);
}

/// By hand, while everybody is connected: nobody's connection breaks.
#[rstest]
#[case::everything("FLUSHALL")]
#[case::the_stream("DEL")]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_deletes(#[case] command: &str) {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (_relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    let mut connection = world.connection().await;
    let publisher = world.start_publisher();
    for round in 0..8 {
        world.more_effects(10 << round).await;
        let mut delete = redis::cmd(command);
        if command == "DEL" {
            delete.arg(world.stream());
        }
        delete.query_async::<()>(&mut connection).await.unwrap();
    }
    world.more_effects(100).await;
    publisher.stopped().await;
    world.settled().await;
    world.published().await;
    let first = in_stream(&world).await.first().copied().unwrap();
    complete_above(&world, first).await;
}

/// Passes everything on to Redis. Right before the first XPENDING, it deletes all there is and makes the
/// group anew, as a listener does at once.
async fn wiping_link(redis: &Redis, stream: String) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, server) = (listener.local_addr().unwrap().port(), redis.port());
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, server));
        let (mut server, mut other) = (connect().await.unwrap(), connect().await.unwrap());
        let (mut questions, mut to_client) = client.split();
        let (mut answers, mut to_server) = server.split();
        let ask = async {
            let mut buffer = vec![0; 4096];
            loop {
                let read = questions.read(&mut buffer).await?;
                if buffer[..read].windows(8).any(|bytes| bytes == b"XPENDING") {
                    let wipe = format!("FLUSHALL\r\nXGROUP CREATE {stream} {GROUP} 0 MKSTREAM\r\n");
                    other.write_all(wipe.as_bytes()).await?;
                    let mut done = [0; b"+OK\r\n+OK\r\n".len()];
                    other.read_exact(&mut done).await?;
                }
                if read == 0 {
                    return std::io::Result::Ok(());
                }
                to_server.write_all(&buffer[..read]).await?;
            }
        };
        _ = tokio::join!(ask, tokio::io::copy(&mut answers, &mut to_client));
    });
    port
}

/// A consumer died with a hundred entries. That nothing is pending after the wipe does not mean that
/// they took effect: noted as acknowledged, they would never be published again.
#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_while_the_relay_looks_is_no_acknowledgement() {
    let redis = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    world.change(&world.things(100)).await;
    let relay = world.start_relay();
    world.published().await;
    relay.stopped().await;
    let mut connection = world.connection().await;
    redis::pipe()
        .cmd("XGROUP")
        .arg(&["CREATE", &world.stream(), GROUP, "0"])
        .cmd("XREADGROUP")
        .arg(&["GROUP", GROUP, "dead", "STREAMS", &world.stream(), ">"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let port = wiping_link(&redis, world.stream()).await;
    let mut link = connect_patiently(&format!("redis://127.0.0.1:{port}")).await;
    let trimmer = Trimmer {
        key: world.stream(),
        groups: vec![GROUP.to_owned()],
        keep: Duration::from_secs(60),
    };
    let acked = trimmer.run(&mut link, world.clock.now()).await.unwrap();
    assert_eq!(world.entries().await, 0);
    assert_eq!(acked.unwrap_or(Stamp::ZERO), Stamp::ZERO);
}

/// Longer than a command may take (5 s): what was sent meanwhile is given up here and executed there,
/// after the thaw, when somebody else may lead.
#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs_for_ten_seconds_under_load() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (relay, listeners) = (
        world.process(&["relay"]),
        ["a", "b"].map(|n| listen(&world, n)),
    );
    eventually("both listen", async || {
        (world.consumers().await.len() == listeners.len()).then_some(())
    })
    .await;
    let publisher = world.start_publisher();
    world.more_effects(500).await;
    redis.engine.freeze().unwrap();
    let (frozen, before) = (Instant::now(), world.sent().await);
    eventually("ten seconds have gone by, under load", async || {
        let grown = world.sent().await > before + 500;
        (grown && frozen.elapsed() > Duration::from_secs(10)).then_some(())
    })
    .await;
    eventually("each has given up what it waited for", async || {
        let noticed = |process: &Process, what: &str| process.log().contains(what);
        let all = noticed(&relay, "the relay starts over")
            && (listeners.iter()).all(|listener| noticed(listener, "the consumer starts over"));
        all.then_some(())
    })
    .await;
    redis.engine.thaw().unwrap();
    world.more_effects(500).await;
    publisher.stopped().await;
    world.settled().await;
    complete_above(&world, 0).await;
}

/// Nothing is evicted, so that nothing can be added for a while.
#[tokio::test(flavor = "multi_thread")]
async fn redis_is_full_for_a_while_under_load() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (relay, _listener) = (world.process(&["relay"]), listen(&world, "a"));
    let mut connection = world.connection().await;
    let mut limit = async |bytes: &str| {
        redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory", bytes])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    };
    let publisher = world.start_publisher();
    for full in 1..=3 {
        world.more_effects(100).await;
        limit("1").await;
        eventually("it is refused, again and again", async || {
            (relay.log().matches("OOM").count() >= full * 5).then_some(())
        })
        .await;
        limit("0").await;
    }
    world.more_effects(100).await;
    publisher.stopped().await;
    world.settled().await;
    complete_above(&world, 0).await;
}

/// The clock stands still, or was set back: what replaces a lost entry that was not stamped yet can have
/// its number. Both events fail, and both letters must be kept.
#[tokio::test(flavor = "multi_thread")]
async fn two_events_that_fail_under_the_same_number_are_both_buried() {
    let redis = Redis::start().unwrap();
    let mut world = World::on(TestDatabase::new(), &redis).await;
    world.clock = ManualClock::now().clock();
    // The one with the lower number commits later.
    let late = world.database.superuser().await;
    late.batch_execute(
        "BEGIN; INSERT INTO outbox (id, kind, subject, version, time, data) \
         SELECT gen_random_uuid(), 'thing:changed', id, 1, now(), \
                format('{\"id\":\"%s\",\"version\":1,\"weight\":-1}', id) \
         FROM (SELECT gen_random_uuid() AS id) AS thing",
    )
    .await
    .unwrap();
    world.change_to(&[world.thing()], -1).await;
    let lock = world.database.superuser().await;
    lock.batch_execute("BEGIN; SELECT * FROM outbox FOR UPDATE")
        .await
        .unwrap();
    let relay = world.start_relay();
    let _listener = listen(&world, "a");
    let buried = "SELECT count(*) FROM dead_letter";
    eventually("it is buried, and not stamped", async || {
        (world.number(buried).await == 1).then_some(())
    })
    .await;
    relay.killed().await;
    redis.crash().unwrap();
    late.batch_execute("COMMIT").await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
               WHERE application_name = current_setting('search_path') AND wait_event_type = 'Lock'";
    world.number(end).await;
    lock.batch_execute("ROLLBACK").await.unwrap();
    redis.start_again().unwrap();
    let _relay = world.start_relay();
    world.published().await;
    world.settled_but(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_away_when_relay_and_listener_start() {
    let redis = Redis::start().unwrap();
    redis.crash().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    let (relay, listener) = (world.process(&["relay"]), listen(&world, "a"));
    world.change(&world.things(100)).await;
    eventually("both have tried in vain, and again", async || {
        let tries = |process: &Process| process.log().matches("starts over").count();
        (tries(&relay) > 2 && tries(&listener) > 2).then_some(())
    })
    .await;
    redis.start_again().unwrap();
    world.change(&world.things(100)).await;
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_not_set_up_to_carry_events_is_complained_about() {
    let redis = Redis::durable().unwrap();
    let world = World::on(TestDatabase::new(), &redis).await;
    assert_eq!(check(&world.redis).await.unwrap(), Vec::<String>::new());
    let mut connection = world.connection().await;
    for (name, right, wrong) in [
        ("appendonly", "yes", "no"),
        ("appendfsync", "everysec", "always"),
        ("maxmemory-policy", "noeviction", "allkeys-lru"),
    ] {
        for (value, complaints) in [(wrong, 1), (right, 0)] {
            redis::cmd("CONFIG")
                .arg("SET")
                .arg(name)
                .arg(value)
                .query_async::<()>(&mut connection)
                .await
                .unwrap();
            let found = check(&world.redis).await.unwrap();
            assert_eq!(found.len(), complaints, "{found:?}");
            assert!(found.iter().all(|it| it.starts_with(name)), "{found:?}");
        }
    }
    let forgetful = Redis::start().unwrap();
    let world = World::on(TestDatabase::new(), &forgetful).await;
    let found = check(&world.redis).await.unwrap();
    assert!(found[0].contains("appendonly"), "{found:?}");
}
