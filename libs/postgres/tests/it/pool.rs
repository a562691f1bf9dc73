//! Connections.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use ticketing_postgres::Pool;
use ticketing_testkit::{TestDatabase, database::Postgres, eventually};

#[tokio::test]
async fn an_exhausted_pool_says_so_in_time() {
    let mut settings = TestDatabase::new().app();
    settings.connections = 1;
    settings.wait = Duration::from_secs(1);
    let pool = Pool::new(&settings).unwrap();
    // It may take longer than that to connect.
    let held = eventually("it connects", async || pool.get().await.ok()).await;
    assert!(pool.get().await.is_err());
    drop(held);
    assert!(pool.get().await.is_ok());
}

#[tokio::test]
async fn a_pool_starts_without_postgres() {
    let mut settings = TestDatabase::new().app();
    settings.port = 1;
    let pool = Pool::new(&settings).unwrap();
    assert!(pool.probe().await.is_err());
}

#[tokio::test]
async fn no_broken_connection_is_handed_out_after_a_restart() {
    let postgres = Postgres::start().unwrap();
    let pool = Pool::new(&postgres.schema("a").unwrap().app()).unwrap();
    let all = futures::future::join_all((0..5).map(|_| pool.get())).await;
    assert!(all.iter().all(Result::is_ok));
    drop(all);
    postgres.crash().unwrap();
    assert!(pool.probe().await.is_err());
    postgres.engine.start_again().unwrap();
    eventually("Postgres is up again", async || pool.probe().await.ok()).await;
    for _ in 0..5 {
        pool.probe().await.unwrap();
    }
}

/// A request that goes away in the middle of a transaction must not leave it to the next.
#[tokio::test]
async fn a_connection_with_an_open_transaction_is_not_reused() {
    let database = TestDatabase::new();
    let mut settings = database.app();
    settings.connections = 1;
    let pool = Pool::new(&settings).unwrap();
    let mut owner = Pool::new(&database.owner()).unwrap().get().await.unwrap();
    owner
        .batch_execute("CREATE TABLE things (id int)")
        .await
        .unwrap();

    let mut connection = pool.get().await.unwrap();
    let cut_off = ticketing_postgres::transaction(&mut connection, async |connection| {
        connection
            .batch_execute("INSERT INTO things VALUES (1)")
            .await?;
        std::future::pending::<Result<(), diesel::result::Error>>().await
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(200), cut_off)
            .await
            .is_err()
    );
    drop(connection);

    let mut next = pool.get().await.unwrap();
    next.batch_execute("INSERT INTO things VALUES (2)")
        .await
        .unwrap();
    let rows = database
        .superuser()
        .await
        .query("SELECT id FROM things", &[])
        .await
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i32>(0))
            .collect::<Vec<_>>(),
        [2]
    );
}
