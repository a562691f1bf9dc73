//! Events that can't take effect.

use things::PANIC;
use ticketing_messaging::dead_letter;
use ticketing_testkit::eventually;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_in_the_middle_of_a_thousand() {
    let world = World::new().await;
    world.change(&world.things(500)).await;
    world.change_to(&[world.thing()], -1).await;
    world.change(&world.things(499)).await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.settled_but(1).await;
    let mut connection = world.pool.get().await.unwrap();
    let letters = dead_letter::list(&mut connection, 10).await.unwrap();
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    assert!(letter.error.contains("effect_weight_check"), "{letter:?}");
    assert_eq!((letter.attempts, letter.version), (5, Some(1)));
    assert_eq!(letter.kind.as_deref(), Some("thing:changed"));
    assert!(letter.data.contains("-1"), "{letter:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_ends_one_event_and_not_the_service() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.change(&world.things(20)).await;
    world.change_to(&[world.thing()], PANIC).await;
    world.change(&world.things(20)).await;
    world.settled_but(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_becomes_a_dead_letter() {
    let world = World::new().await;
    world.change(&world.things(5)).await;
    // A newer form of a known type, and something that is no event at all.
    world
        .sql
        .batch_execute(
            "INSERT INTO outbox (id, kind, subject, version, time, data) \
             VALUES (gen_random_uuid(), 'thing:changed', gen_random_uuid(), 1, now(), '{\"ident\":1}')",
        )
        .await
        .unwrap();
    let relay = world.start_relay();
    eventually("it is published", async || {
        (world.entries().await == 6).then_some(())
    })
    .await;
    relay.stopped().await;
    let mut connection = world.connection().await;
    redis::cmd("XADD")
        .arg(world.stream())
        .arg("*")
        .arg(&["hello", "world"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let _listener = world.start_listener("a");
    eventually("the rest took effect", async || {
        (world.effects().await == 5).then_some(())
    })
    .await;
    let mut connection = world.pool.get().await.unwrap();
    let letters = eventually("both are buried", async || {
        let letters = dead_letter::list(&mut connection, 10).await.unwrap();
        (letters.len() == 2).then_some(letters)
    })
    .await;
    assert!(
        letters
            .iter()
            .any(|l| l.data.contains("ident") && l.event_id.is_some())
    );
    assert!(
        letters
            .iter()
            .any(|l| l.data.contains("hello") && l.event_id.is_none())
    );
}

/// The cause is removed, and then the letter takes effect: once, though the inbox has known it.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_tried_again_on_request() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.change_to(&[world.thing()], -1).await;
    world.settled_but(1).await;
    let mut connection = world.pool.get().await.unwrap();
    let id = dead_letter::list(&mut connection, 1).await.unwrap()[0].id;

    assert_eq!(
        dead_letter::redrive(&mut connection, Some(id))
            .await
            .unwrap(),
        1
    );
    eventually("it has failed again", async || {
        let letter = dead_letter::show(&mut connection, id)
            .await
            .unwrap()
            .unwrap();
        (letter.attempts == 6 && letter.redrive_at.is_none()).then_some(())
    })
    .await;

    let cause = "ALTER TABLE effect DROP CONSTRAINT effect_weight_check";
    world.sql.batch_execute(cause).await.unwrap();
    assert_eq!(
        dead_letter::redrive(&mut connection, None).await.unwrap(),
        1
    );
    world.settled().await;
    assert_eq!(
        dead_letter::redrive(&mut connection, None).await.unwrap(),
        0
    );
}
