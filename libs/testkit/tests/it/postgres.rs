//! A Postgres of a test's own, to be broken, and a schema behind another port.

use std::time::Duration;

use ticketing_testkit::{Link, Postgres, TestDatabase};
use tokio::time::timeout;

/// Bounds what will not happen.
const MOMENT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_is_committed_outlives_a_crash() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.schema("mine").unwrap();
    let client = database.superuser().await;
    let sql = "CREATE TABLE rows (id int); INSERT INTO rows VALUES (1)";
    client.batch_execute(sql).await.unwrap();

    postgres.crash().unwrap();
    assert!(!postgres.engine.is_running());
    assert!(client.batch_execute("SELECT").await.is_err());
    postgres.start_again().unwrap();
    let client = database.superuser().await;
    let rows = client.query("SELECT FROM rows", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

/// Each connection has a process of its own.
#[tokio::test]
async fn while_it_is_frozen_no_connection_answers() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.schema("mine").unwrap();
    let client = database.superuser().await;

    postgres.engine.freeze().unwrap();
    assert!(postgres.engine.is_running());
    let asked = timeout(MOMENT, client.batch_execute("SELECT")).await;
    assert!(asked.is_err(), "an open connection");
    let connected = timeout(MOMENT, database.superuser()).await;
    assert!(connected.is_err(), "a new connection");

    postgres.engine.thaw().unwrap();
    client.batch_execute("SELECT").await.unwrap();
    database.superuser().await;
}

#[tokio::test]
async fn a_schema_is_the_same_through_a_link() {
    let database = TestDatabase::new();
    let link = Link::to(database.port()).await;
    let through = database.through(link.port());
    assert_eq!(through.schema(), database.schema());
    assert_eq!(through.app().port, link.port());
    assert_eq!(through.app().user, database.app().user);

    let client = through.superuser().await;
    let ddl = "CREATE TABLE seen_on_both_sides ()";
    client.batch_execute(ddl).await.unwrap();
    assert!(database.dump().contains("seen_on_both_sides"));
    let pool = ticketing_postgres::Pool::new(&through.app()).unwrap();
    pool.probe().await.unwrap();
}
