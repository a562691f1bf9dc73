//! Every row once more, for a listener that has lost or never had its copies.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Uuid as SqlUuid},
};
use diesel_async::AsyncPgConnection;
use rstest::rstest;
use things::{Thing, ThingEvent};
use ticketing_messaging::resync::{Snapshots, resync};
use ticketing_testkit::eventually;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::harness::World;

/// The publisher's table.
#[derive(Clone, Default)]
struct Things(Arc<Pause>);

/// Between a page's read and its events, so that a test can do something then.
#[derive(Default)]
struct Pause {
    /// From which page on.
    page: Option<usize>,
    pages: AtomicUsize,
    has_read: Notify,
    go_on: Notify,
}

impl Things {
    fn pausing_at(page: usize) -> Self {
        Self(Arc::new(Pause {
            page: Some(page),
            ..Pause::default()
        }))
    }
}

impl Snapshots for Things {
    type Event = ThingEvent;

    async fn page(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<Uuid>,
        limit: i64,
    ) -> QueryResult<Vec<(Uuid, ThingEvent)>> {
        use diesel_async::RunQueryDsl;

        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = BigInt)]
            version: i64,
        }
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT id, version FROM thing WHERE $1 IS NULL OR id > $1 ORDER BY id LIMIT $2",
        )
        .bind::<Nullable<SqlUuid>, _>(after)
        .bind::<BigInt, _>(limit)
        .get_results(connection)
        .await?;
        if self.0.page == Some(self.0.pages.fetch_add(1, Ordering::SeqCst)) {
            self.0.has_read.notify_one();
            self.0.go_on.notified().await;
        }
        let snapshot = |Row { id, version }| {
            let thing = Thing {
                id,
                version,
                weight: 1,
            };
            (id, ThingEvent::Changed(thing))
        };
        Ok(rows.into_iter().map(snapshot).collect())
    }
}

async fn resynced(world: &World) -> u64 {
    resync(&world.pool, &world.clock, &Things::default())
        .await
        .unwrap()
}

async fn lose_the_copies(world: &World) {
    let lose = "TRUNCATE copy, copy_history";
    world.sql.batch_execute(lose).await.unwrap();
}

/// 500 rows are a page.
#[rstest]
#[case::none(0)]
#[case::one(1)]
#[case::a_page_but_for_one(499)]
#[case::two_pages(1000)]
#[case::two_pages_and_one(1001)]
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_lost_its_copies_has_them_again(#[case] count: usize) {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    let things = world.things(count);
    for _ in 0..3 {
        world.change(&things).await;
    }
    world.settled().await;
    lose_the_copies(&world).await;

    assert_eq!(resynced(&world).await, u64::try_from(count).unwrap());
    world.settled().await;
    assert_eq!(world.effects().await, i64::try_from(count * 4).unwrap());
    let third = "SELECT count(*) FROM copy WHERE version = 3";
    assert_eq!(world.number(third).await, i64::try_from(count).unwrap());
}

/// The group is new: the stream has been trimmed, and the outbox has nothing that is so old.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_comes_late_gets_every_row() {
    let world = World::new().await;
    world.change(&world.things(1234)).await;
    let old = "DELETE FROM outbox";
    world.sql.batch_execute(old).await.unwrap();
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    assert_eq!(resynced(&world).await, 1234);
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doing_it_twice_does_no_harm() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.change(&world.things(700)).await;
    let both = tokio::join!(resynced(&world), resynced(&world));
    assert_eq!(both, (700, 700));
    world.settled().await;
    assert_eq!(resynced(&world).await, 700);
    world.settled().await;
    assert_eq!(world.effects().await, 4 * 700);
    // Only the first of each was news.
    let news = "SELECT count(*) FROM copy_history";
    assert_eq!(world.number(news).await, 700);
}

/// Its own event is published before the snapshot, which is older.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_made_in_between_is_not_set_back() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    let things = world.things(1200);
    world.change(&things).await;
    world.settled().await;

    let table = Things::pausing_at(1);
    let (pool, clock, resyncing) = (world.pool.clone(), world.clock.clone(), table.clone());
    let running = tokio::spawn(async move { resync(&pool, &clock, &resyncing).await });
    table.0.has_read.notified().await;
    // Rows of the page that is being read, of the one before and of the one after, and a new one.
    for round in 0..2 {
        world.change(&things).await;
        if round == 0 {
            world.change(&[world.thing()]).await;
        }
    }
    world.settled().await;
    table.0.go_on.notify_one();
    assert!(running.await.unwrap().unwrap() >= 1200);
    world.settled().await;
    let third = "SELECT count(*) FROM copy WHERE version = 3";
    assert_eq!(world.number(third).await, 1200);
}

/// What was appended before stays; the rest comes when it is done again.
#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_done_again_when_it_failed_in_the_middle() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    world.change(&world.things(1200)).await;
    world.settled().await;
    lose_the_copies(&world).await;

    let table = Things::pausing_at(1);
    let (pool, clock, resyncing) = (world.pool.clone(), world.clock.clone(), table.clone());
    let running = tokio::spawn(async move { resync(&pool, &clock, &resyncing).await });
    table.0.has_read.notified().await;
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE application_name = current_setting('search_path') \
                 AND state = 'idle in transaction' \
                 AND query LIKE 'SELECT id, version FROM thing %'";
    assert_eq!(world.sql.query(end, &[]).await.unwrap().len(), 1);
    table.0.go_on.notify_one();
    assert!(!running.await.unwrap().unwrap_err().is_permanent());
    eventually("the first page is there", async || {
        (world.number("SELECT count(*) FROM copy").await == 500).then_some(())
    })
    .await;
    assert_eq!(resynced(&world).await, 1200);
    world.settled().await;
}
