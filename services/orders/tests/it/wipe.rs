//! Redis loses everything: the deadlines that lived there are told again.

use std::collections::{BTreeSet, HashMap};

use ticketing_contracts::events::{Event, OrderEvent};
use ticketing_testkit::eventually;

use crate::harness::World;

type Entry = (String, HashMap<String, String>);

/// Reads and acknowledges all there is, as the listeners would.
async fn hear(world: &World, group: &str) {
    let key = world.redis.key(OrderEvent::STREAM);
    let mut redis = world.redis().await;
    let made: redis::RedisResult<()> = redis::cmd("XGROUP")
        .arg(&["CREATE", &key, group, "0", "MKSTREAM"])
        .query_async(&mut redis)
        .await;
    // Unless it is there already.
    _ = made;
    let read: Option<Vec<(String, Vec<Entry>)>> = redis::cmd("XREADGROUP")
        .arg(&["GROUP", group, "test", "COUNT", "10000", "STREAMS"])
        .arg(&key)
        .arg(">")
        .query_async(&mut redis)
        .await
        .unwrap();
    let entries = read.into_iter().flatten().flat_map(|(_, entries)| entries);
    for (id, _) in entries {
        redis::cmd("XACK")
            .arg(&[&key, group, &id])
            .query_async::<()>(&mut redis)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_open_order_is_published_again() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(2_000).await);
    let mut open = BTreeSet::new();
    for _ in 0..30 {
        open.insert(app.placed(&ann, ticket).await.id);
    }
    for _ in 0..10 {
        let order = open.pop_first().unwrap();
        app.cancel(&ann, order).await;
    }
    // All groups have acknowledged all of it: without more, nothing would be published again.
    let behind = "SELECT count(*) FROM outbox WHERE stamp IS NULL \
                     OR stamp > (SELECT acked FROM outbox_position)";
    eventually("all is acknowledged", async || {
        for group in OrderEvent::GROUPS {
            hear(&world, group).await;
        }
        (world.number(behind).await == 0).then_some(())
    })
    .await;

    let key = world.redis.key(OrderEvent::STREAM);
    redis::cmd("DEL")
        .arg(&key)
        .query_async::<()>(&mut world.redis().await)
        .await
        .unwrap();
    let again = eventually("open orders are published again", async || {
        let events = world.published().await;
        (events.len() >= open.len()).then_some(events)
    })
    .await;
    let orders = again.iter().map(|event| match event {
        OrderEvent::Created(order) => order.id,
        other => panic!("{other:?}"),
    });
    assert_eq!(
        orders.collect::<Vec<_>>(),
        open.into_iter().collect::<Vec<_>>()
    );
    // And it goes on from there.
    let next = app.placed(&ann, ticket).await.id;
    eventually("the next one is published", async || {
        let events = world.published().await;
        let told = |event: &OrderEvent| matches!(event, OrderEvent::Created(o) if o.id == next);
        events.iter().any(told).then_some(())
    })
    .await;
}
