//! The schema, up and down.

use ticketing_postgres::migrate;
use ticketing_testkit::TestDatabase;
use tickets::store::migrations;

#[tokio::test(flavor = "multi_thread")]
async fn up_down_up() {
    let database = TestDatabase::new();
    let owner = database.owner();
    let run = migrate::up(&owner, migrations()).await.unwrap();
    assert_eq!(run.len(), 3, "{run:?}");
    let first = database.dump();
    for made in ["ticket", "idempotency", "outbox", "inbox", "dead_letter"] {
        assert!(
            first.contains(&format!("CREATE TABLE {}.{made}", database.schema())),
            "{first}"
        );
    }
    let nothing = migrate::up(&owner, migrations()).await.unwrap();
    assert!(nothing.is_empty(), "nothing is left");

    migrate::down(&owner, migrations()).await.unwrap();
    let reverted = database.dump();
    assert!(
        !reverted.contains("ticket_") && !reverted.contains("CREATE FUNCTION"),
        "{reverted}"
    );
    // The names of messaging's first partitions depend on the time, the rest does not.
    migrate::up(&owner, migrations()).await.unwrap();
    let own = |dump: &str| -> Vec<String> {
        let lines = dump.lines().filter(|line| !line.contains("box_2"));
        lines.map(ToOwned::to_owned).collect()
    };
    assert_eq!(own(&database.dump()).len(), own(&first).len());
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_wait_for_each_other() {
    let database = TestDatabase::new();
    let owner = database.owner();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let owner = owner.clone();
            tokio::spawn(async move { migrate::up(&owner, migrations()).await })
        })
        .collect();
    let mut run = 0;
    for task in tasks {
        run += task.await.unwrap().unwrap().len();
    }
    assert_eq!(run, 3, "each migration ran once");
}
