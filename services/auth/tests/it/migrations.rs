//! The schema, up and down.

use auth::store::MIGRATIONS;
use ticketing_postgres::migrate;
use ticketing_testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn up_down_up() {
    let database = TestDatabase::new();
    let empty = database.dump();
    let run = migrate::up(&database.owner(), MIGRATIONS).await.unwrap();
    assert!(!run.is_empty());
    let first = database.dump();
    assert!(first.contains("CREATE TABLE") && first != empty);

    assert!(
        migrate::up(&database.owner(), MIGRATIONS)
            .await
            .unwrap()
            .is_empty(),
        "nothing is left"
    );
    migrate::down(&database.owner(), MIGRATIONS).await.unwrap();
    let reverted = database.dump();
    assert!(!reverted.contains("users"), "{reverted}");

    migrate::up(&database.owner(), MIGRATIONS).await.unwrap();
    assert_eq!(database.dump(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_wait_for_each_other() {
    let database = TestDatabase::new();
    let owner = database.owner();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let owner = owner.clone();
            tokio::spawn(async move { migrate::up(&owner, MIGRATIONS).await })
        })
        .collect();
    let mut run = 0;
    for task in tasks {
        run += task.await.unwrap().unwrap().len();
    }
    assert_eq!(run, 1, "each migration ran once");
}
