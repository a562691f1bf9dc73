//! The schema, up and down.

use orders::store::MIGRATIONS;
use ticketing_messaging::migrations;
use ticketing_postgres::migrate;
use ticketing_testkit::TestDatabase;

async fn up(database: &TestDatabase) -> usize {
    let run = migrate::up(&database.owner(), migrations(MIGRATIONS)).await;
    run.unwrap().len()
}

/// The DDL of this service's own tables: the partitions of messaging's depend on the day.
fn own(database: &TestDatabase) -> Vec<String> {
    let ours = [
        "inventory",
        "orders",
        "order_item",
        "sales",
        "order_payment",
    ];
    let schema = database.schema();
    let dump = database.dump();
    let statements = dump.split("\n\n").filter(|statement| {
        let names = |table: &&str| statement.contains(&format!("{schema}.{table}"));
        ours.iter().any(names) && !statement.starts_with("--")
    });
    statements.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn up_down_up() {
    let database = TestDatabase::new();
    let all = up(&database).await;
    assert!(all >= 3);
    let first = own(&database);
    assert!(first.len() > 8, "{first:#?}");
    assert_eq!(up(&database).await, 0, "nothing is left");

    let owner = database.owner();
    migrate::down(&owner, migrations(MIGRATIONS)).await.unwrap();
    assert_eq!(own(&database), Vec::<String>::new());
    assert_eq!(up(&database).await, all);
    assert_eq!(own(&database), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_wait_for_each_other() {
    let database = TestDatabase::new();
    let tasks = (0..4).map(|_| {
        let database = database.clone();
        async move { up(&database).await }
    });
    let run: usize = crate::harness::all(tasks.collect::<Vec<_>>())
        .await
        .into_iter()
        .sum();
    assert_eq!(
        run,
        up(&TestDatabase::new()).await,
        "each migration ran once"
    );
}
