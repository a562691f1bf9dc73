//! What can't be handled is put away, and the rest goes on.

use std::process::Command;

use redis::cmd;
use ticketing_contracts::events::expirations;
use ticketing_testkit::eventually;

use crate::harness::{World, deadline};

/// An order that is none, one whose release is no time, an entry that is no event, and a type of the
/// future, in the middle of a batch.
async fn poison(world: &World) {
    let mut connection = world.connection().await;
    let entry = |kind: &'static str, data: &'static str| {
        vec![
            "id",
            "01936f0a-7a70-7000-8000-000000000001",
            "type",
            kind,
            "subject",
            "01936f0a-7a70-7000-8000-000000000002",
            "version",
            "3",
            "time",
            "2026-11-21T15:33:41.000Z",
            "traceparent",
            "",
            "data",
            data,
        ]
    };
    let entries = [
        entry("order:created", r#"{"id": "soon"}"#),
        entry("order:updated", "{"),
        vec!["what", "is this"],
        entry("order:eaten", "{}"),
    ];
    for fields in entries {
        cmd("XADD")
            .arg(&[&world.orders(), "*"])
            .arg(fields)
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    }
}

async fn buried(world: &World) -> Vec<(String, String)> {
    let mut connection = world.connection().await;
    let mut all: Vec<(String, String)> = cmd("HGETALL")
        .arg(world.redis.key(expirations::DEAD_LETTERS))
        .query_async(&mut connection)
        .await
        .unwrap();
    all.sort();
    all
}

fn dlq(world: &World, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_expiration"))
        .arg("dlq")
        .args(arguments)
        .env_clear()
        .env("REDIS_URL", &world.redis.url)
        .env("REDIS_PASSWORD", "none is set")
        .env("REDIS_PREFIX", &world.redis.prefix)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_the_middle_is_buried_and_everything_else_fires() {
    let world = World::new();
    let (before, after) = (world.order(15), world.order(16));
    world.place(std::slice::from_ref(&before)).await;
    poison(&world).await;
    world.place(std::slice::from_ref(&after)).await;
    let _instance = world.start("a");
    world.advance(20);
    world.fires(&[deadline(&before), deadline(&after)]).await;
    world.all_is_heard().await;
    let buried = buried(&world).await;
    assert_eq!(buried.len(), 3, "{buried:?}");
    assert!(
        buried[0].1.contains("unreadable data of a order:created"),
        "{buried:?}"
    );
    assert!(buried[0].1.contains(r#"\"soon\""#), "{buried:?}");
    assert!(buried[2].1.contains("is this"), "{buried:?}");
}

/// The acknowledgement was lost, say: it is delivered again, and there once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_buried_twice_is_there_once() {
    let world = World::new();
    let instance = world.start("a");
    poison(&world).await;
    eventually("it is buried", async || {
        (buried(&world).await.len() == 3).then_some(())
    })
    .await;
    let first = buried(&world).await;
    instance.stopped().await;
    let mut connection = world.connection().await;
    cmd("XGROUP")
        .arg(&["SETID", &world.orders(), "expiration", "0"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let _instance = world.start("a");
    let order = world.order(0);
    world.place(std::slice::from_ref(&order)).await;
    world.fires(&[deadline(&order)]).await;
    assert_eq!(buried(&world).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_and_tried_again() {
    let world = World::new();
    assert_eq!(
        dlq(&world, &["list"]),
        (true, "no dead letters in expiration\n".into())
    );
    let instance = world.start("a");
    poison(&world).await;
    eventually("it is buried", async || {
        (buried(&world).await.len() == 3).then_some(())
    })
    .await;
    instance.stopped().await;
    let id = &buried(&world).await[0].0;
    let (fine, list) = dlq(&world, &["list"]);
    assert!(
        fine && list.contains(id) && list.contains("order:created"),
        "{list}"
    );
    assert!(list.ends_with("3 dead letters in expiration\n"), "{list}");
    let (fine, shown) = dlq(&world, &["show", id]);
    assert!(fine && shown.contains(r#"{"id": "soon"}"#), "{shown}");
    let (fine, refused) = dlq(&world, &["redrive", id]);
    assert!(
        !fine && refused.contains("failed again: it can't be read"),
        "{refused}"
    );
    assert_eq!(buried(&world).await.len(), 3);
    let (fine, unknown) = dlq(&world, &["show", "1"]);
    assert!(
        !fine && unknown.contains("no dead letter 1 in expiration"),
        "{unknown}"
    );

    // A version that can read it.
    let order = world.order(15);
    let mut letter = buried(&world).await[0].1.clone();
    let data = serde_json::json!(serde_json::json!(order).to_string()).to_string();
    letter = letter.replace(r#""{\"id\": \"soon\"}""#, &data);
    let mut connection = world.connection().await;
    cmd("HSET")
        .arg(&[&world.redis.key(expirations::DEAD_LETTERS), id, &letter])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let (fine, done) = dlq(&world, &["redrive", id]);
    assert!(fine && done.contains("has taken effect"), "{done}");
    assert_eq!(buried(&world).await.len(), 2);
    assert_eq!(world.kept().await, 1);
}
