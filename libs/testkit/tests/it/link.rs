//! Answers that get lost on the way.

use redis::{AsyncTypedCommands, aio::MultiplexedConnection};
use ticketing_testkit::{Link, Redis, TestDatabase, connect_patiently, eventually};
use tokio_postgres::Client;

async fn over(link: &Link) -> MultiplexedConnection {
    connect_patiently(&format!("redis://127.0.0.1:{}", link.port())).await
}

/// A table, and a client that reaches it over the link.
async fn table(link: &Link, database: &TestDatabase) -> Client {
    let client = database.through(link.port()).superuser().await;
    let ddl = "CREATE TABLE rows (id int)";
    client.batch_execute(ddl).await.unwrap();
    client
}

async fn rows(database: &TestDatabase) -> i64 {
    let client = database.superuser().await;
    let row = client.query_one("SELECT count(*) FROM rows", &[]).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn an_increment_is_made_and_its_answer_lost() {
    let link = Link::to(Redis::shared().port()).await;
    let mut connection = over(&link).await;
    connection.set("link:counter", 1).await.unwrap();

    link.cut_after(b"INCR");
    connection.get("link:counter").await.unwrap();
    assert_eq!(link.cuts(), 0);
    assert!(connection.incr("link:counter", 1).await.is_err());
    assert_eq!(link.cuts(), 1);

    // Once: the next connection is left alone.
    let mut connection = over(&link).await;
    let counter = connection.get_int("link:counter").await.unwrap();
    assert_eq!(counter, Some(2));
    assert_eq!(connection.incr("link:counter", 1).await.unwrap(), 3);
    assert_eq!(link.cuts(), 1);
}

#[tokio::test]
async fn a_transaction_is_committed_and_its_answer_lost() {
    let database = TestDatabase::new();
    let link = Link::to(database.port()).await;
    let client = table(&link, &database).await;

    link.cut_after(b"COMMIT");
    let begin = "BEGIN; INSERT INTO rows VALUES (1)";
    client.batch_execute(begin).await.unwrap();
    assert_eq!(rows(&database).await, 0);
    assert!(client.batch_execute("COMMIT").await.is_err());
    assert_eq!(link.cuts(), 1);
    assert_eq!(rows(&database).await, 1);
    assert!(client.is_closed());
}

#[tokio::test]
async fn only_the_connection_that_says_it_is_cut() {
    let database = TestDatabase::new();
    let link = Link::to(database.port()).await;
    let client = table(&link, &database).await;
    let other = database.through(link.port()).superuser().await;

    link.cut_after(b"COMMIT");
    assert!(client.batch_execute("BEGIN; COMMIT").await.is_err());
    other.batch_execute("BEGIN; COMMIT").await.unwrap();
    assert_eq!(link.cuts(), 1);
}

#[tokio::test]
async fn a_cut_link_lets_nothing_through_until_it_is_mended() {
    let database = TestDatabase::new();
    let link = Link::to(database.port()).await;
    let client = table(&link, &database).await;
    let begin = "BEGIN; INSERT INTO rows VALUES (7)";
    client.batch_execute(begin).await.unwrap();

    link.cut().await;
    assert!(client.batch_execute("COMMIT").await.is_err());
    let settings = database.through(link.port()).app();
    let pool = ticketing_postgres::Pool::new(&settings).unwrap();
    assert!(pool.probe().await.is_err());
    link.cut().await;

    link.mend();
    link.mend();
    pool.probe().await.unwrap();
    eventually("the transaction is rolled back", async || {
        let query = "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' \
                     AND query LIKE '%rows VALUES (7)'";
        let open = database.superuser().await.query(query, &[]).await;
        open.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(rows(&database).await, 0);
    assert_eq!(link.cuts(), 0, "only lost answers count");
}

#[tokio::test]
async fn a_dropped_link_takes_its_connections_along() {
    let link = Link::to(Redis::shared().port()).await;
    let mut connection = over(&link).await;
    connection.ping().await.unwrap();
    drop(link);
    eventually("it is closed", async || connection.ping().await.err()).await;
}
