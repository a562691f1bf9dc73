//! The binary as Nomad runs it.

use std::{collections::BTreeSet, process::Command, time::Duration};

use chrono::TimeDelta;
use nix::sys::signal::Signal;
use ticketing_testkit::{Process, Redis, engine::free_port, eventually};

use crate::harness::{World, deadline};

fn serve(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expiration"));
    command
        .arg("serve")
        .env_clear()
        .env("LOG_FORMAT", "json")
        .env(
            "ADMIN_ADDRESS",
            format!("127.0.0.1:{}", free_port().unwrap()),
        )
        .env("INSTANCE", "a")
        .env("REDIS_URL", &world.redis.url)
        .env("REDIS_PASSWORD", "none is set")
        .env("REDIS_PREFIX", &world.redis.prefix);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_ends_on_sigterm() {
    let world = World::new();
    let process = Process::start(&mut serve(&world)).unwrap();
    let order = world.order(0);
    world.place(std::slice::from_ref(&order)).await;
    world.fires(&[deadline(&order)]).await;
    eventually("it has found that this Redis keeps nothing", async || {
        let log = process.log();
        log.contains("Redis is not set up to carry events")
            .then_some(())
    })
    .await;
    assert_eq!(process.end(Signal::SIGTERM).unwrap(), Some(0));
    let log = process.log();
    assert!(log.contains(r#""message":"stopping""#), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_settings_says_which() {
    let world = World::new();
    for name in ["ADMIN_ADDRESS", "INSTANCE", "REDIS_URL", "REDIS_PASSWORD"] {
        let output = serve(&world).env_remove(name).output().unwrap();
        assert!(!output.status.success(), "it started without {name}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            complaint.contains(&format!("{name} is missing")),
            "{complaint}"
        );
    }
}

/// It starts while Redis is away, and works when that is there.
#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_redis() {
    let redis = Redis::durable().unwrap();
    let world = World::on(&redis);
    redis.crash().unwrap();
    let process = Process::start(&mut serve(&world)).unwrap();
    eventually("it has noticed", async || {
        process
            .log()
            .contains("nothing can be published")
            .then_some(())
    })
    .await;
    redis.start_again().unwrap();
    let order = world.order(0);
    world.place(std::slice::from_ref(&order)).await;
    world.fires(&[deadline(&order)]).await;
}

/// Killed over and over while deadlines are noted and fall due: none is lost. Some may come twice, which
/// orders sees by its own state.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_deadline() {
    let world = World::new();
    let orders: Vec<_> = (0..4000)
        .map(|i| {
            let mut order = world.order(0);
            order.release_at += TimeDelta::milliseconds(i);
            order
        })
        .collect();
    let expected: BTreeSet<_> = orders.iter().map(deadline).collect();
    let mut process = Process::start(&mut serve(&world)).unwrap();
    let mut kills = 0;
    for (number, some) in orders.chunks(100).enumerate() {
        world.place(some).await;
        // Three times for certain, however slow it is: so many are placed that more will have fired.
        if kills < 3 && number >= 2 * kills {
            eventually("the next ones have fired", async || {
                (world.fired().await.len() > 200 * kills).then_some(())
            })
            .await;
        }
        if kills < 8 && world.fired().await.len() > 200 * kills {
            process.kill().unwrap();
            kills += 1;
            process = Process::start(&mut serve(&world)).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let fired = eventually("every deadline has fired", async || {
        let fired: BTreeSet<_> = world.fired().await.into_iter().collect();
        (fired.len() >= expected.len()).then_some(fired)
    })
    .await;
    assert_eq!(fired, expected);
    assert!(kills > 2, "it was killed {kills} times");
    world.all_is_heard().await;
    // What was heard twice may have to fire once more.
    world.keeps(0).await;
}
