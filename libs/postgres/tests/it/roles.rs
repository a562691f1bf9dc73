//! Each service's roles reach its own schema and nothing else.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rstest::rstest;
use ticketing_postgres::{DatabaseSettings, Pool, pool::Connection};
use ticketing_testkit::TestDatabase;

async fn connect(settings: &DatabaseSettings) -> Connection {
    Pool::new(settings).unwrap().get().await.unwrap()
}

async fn refused(connection: &mut AsyncPgConnection, sql: &str) {
    let error = connection
        .batch_execute(sql)
        .await
        .expect_err(sql)
        .to_string();
    let expected = [
        "permission denied",
        "must be owner",
        "read-only transaction",
    ];
    assert!(
        expected.iter().any(|text| error.contains(text)),
        "{sql}: {error}"
    );
}

/// A schema with a table that its owner made, as migrations do.
async fn with_table() -> TestDatabase {
    let database = TestDatabase::new();
    let mut owner = connect(&database.owner()).await;
    let ddl = "CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY, name text)";
    owner.batch_execute(ddl).await.unwrap();
    database
}

#[tokio::test]
async fn the_app_changes_rows_of_its_own_schema_and_no_tables() {
    let database = with_table().await;
    let mut app = connect(&database.app()).await;
    let dml = "INSERT INTO things (name) VALUES ('a'); UPDATE things SET name = 'b';
               SELECT * FROM things; DELETE FROM things";
    app.batch_execute(dml).await.unwrap();
    for ddl in [
        "CREATE TABLE more ()",
        "ALTER TABLE things ADD COLUMN more text",
        "DROP TABLE things",
        "TRUNCATE things",
        "CREATE SCHEMA more",
        "CREATE TABLE public.more ()",
        "CREATE TEMPORARY TABLE more ()",
        "CREATE ROLE more",
    ] {
        refused(&mut app, ddl).await;
    }
}

#[rstest]
#[tokio::test]
async fn nobody_reads_or_changes_another_services_schema(#[values(true, false)] as_owner: bool) {
    let (own, other) = (with_table().await, with_table().await);
    let settings = if as_owner { own.owner() } else { own.app() };
    let mut connection = connect(&settings).await;
    let theirs = other.schema();
    for sql in [
        format!("SELECT * FROM {theirs}.things"),
        format!("INSERT INTO {theirs}.things (name) VALUES ('a')"),
        format!("UPDATE {theirs}.things SET name = 'b'"),
        format!("DELETE FROM {theirs}.things"),
        format!("CREATE TABLE {theirs}.more ()"),
        format!("DROP TABLE {theirs}.things"),
        format!("GRANT ALL ON {theirs}.things TO CURRENT_USER"),
        format!("SET ROLE {theirs}_owner"),
    ] {
        refused(&mut connection, &sql).await;
    }
}

#[tokio::test]
async fn fsck_reads_every_schema_and_changes_none() {
    let (one, two) = (with_table().await, with_table().await);
    let mut readonly = connect(&one.readonly()).await;
    for schema in [one.schema(), two.schema()] {
        readonly
            .batch_execute(&format!("SELECT * FROM {schema}.things"))
            .await
            .unwrap();
        refused(&mut readonly, &format!("DELETE FROM {schema}.things")).await;
        let writable =
            format!("SET default_transaction_read_only = off; DELETE FROM {schema}.things");
        refused(&mut readonly, &writable).await;
    }
}

/// `just up` provisions at every start.
#[tokio::test]
async fn provisioning_again_changes_nothing() {
    let database = with_table().await;
    let before = database.dump();
    ticketing_testkit::database::Postgres::shared()
        .schema(database.schema())
        .unwrap();
    assert_eq!(database.dump(), before);
}
