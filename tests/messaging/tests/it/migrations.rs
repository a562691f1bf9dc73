//! The tables of messaging, beside a service's own, up and down.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use things::MIGRATIONS;
use ticketing_messaging::migrations;
use ticketing_postgres::migrate;
use ticketing_runtime::Clock;
use ticketing_testkit::TestDatabase;

async fn up(database: &TestDatabase) -> Vec<String> {
    let run = migrate::up(&database.owner(), migrations(MIGRATIONS)).await;
    run.unwrap()
}

/// The names of the first partitions depend on it.
fn quarter_of_a_day() -> i64 {
    let now: DateTime<Utc> = Clock::system().now();
    now.timestamp() / TimeDelta::hours(6).num_seconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn up_down_up() {
    loop {
        let database = TestDatabase::new();
        let (empty, began) = (database.dump(), quarter_of_a_day());
        assert_eq!(up(&database).await.len(), 2);
        let first = database.dump();
        for made in ["TABLE", "FUNCTION", "SEQUENCE"] {
            assert!(first.contains(&format!("CREATE {made}")), "{first}");
        }
        assert!(up(&database).await.is_empty(), "nothing is left");

        let owner = database.owner();
        migrate::down(&owner, migrations(MIGRATIONS)).await.unwrap();
        let reverted = without_the_list_of_migrations(&database).await;
        assert_eq!(reverted, empty);

        assert_eq!(up(&database).await.len(), 2);
        let second = database.dump();
        // Or else some partitions are others.
        if quarter_of_a_day() == began {
            assert_eq!(second, first);
            return;
        }
    }
}

/// diesel's own table stays, and so does nothing else.
async fn without_the_list_of_migrations(database: &TestDatabase) -> String {
    let drop = "DROP TABLE __diesel_schema_migrations";
    database
        .superuser()
        .await
        .batch_execute(drop)
        .await
        .unwrap();
    database.dump()
}

/// Each with its own: what one makes, none of the others has or takes away.
#[tokio::test(flavor = "multi_thread")]
async fn schemas_do_not_meet() {
    let [one, other] = [TestDatabase::new(), TestDatabase::new()];
    up(&one).await;
    let before = one.dump();
    up(&other).await;
    migrate::down(&other.owner(), migrations(MIGRATIONS))
        .await
        .unwrap();
    assert_eq!(one.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_wait_for_each_other() {
    let database = TestDatabase::new();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { up(&database).await })
        })
        .collect();
    let mut run = Vec::new();
    for task in tasks {
        run.extend(task.await.unwrap());
    }
    assert_eq!(run.len(), 2, "each migration ran once");
    let different: BTreeSet<_> = run.iter().collect();
    assert_eq!(different.len(), 2);
}
