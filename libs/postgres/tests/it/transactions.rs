//! The transaction wrapper under contention.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use ticketing_postgres::{Pool, transaction};
use ticketing_testkit::TestDatabase;
use tokio::sync::Barrier;

async fn two_rows() -> (TestDatabase, Pool) {
    let database = TestDatabase::new();
    let mut owner = Pool::new(&database.owner()).unwrap().get().await.unwrap();
    let ddl =
        "CREATE TABLE rows (id int PRIMARY KEY, n int); INSERT INTO rows VALUES (1, 0), (2, 0)";
    owner.batch_execute(ddl).await.unwrap();
    let pool = Pool::new(&database.app()).unwrap();
    (database, pool)
}

async fn sum(database: &TestDatabase) -> i64 {
    let row = database
        .superuser()
        .await
        .query_one("SELECT sum(n) FROM rows", &[])
        .await
        .unwrap();
    row.get(0)
}

/// Two transactions lock two rows crosswise: Postgres breaks the deadlock, the wrapper runs the
/// victim again.
#[tokio::test]
async fn a_deadlocks_victim_runs_again() {
    let (database, pool) = two_rows().await;
    let (barrier, attempts) = (Barrier::new(2), AtomicU32::new(0));
    let cross = async |first: u32, second: u32| {
        let mut connection = pool.get().await.unwrap();
        let mut met = false;
        transaction(&mut connection, async |connection| {
            attempts.fetch_add(1, Ordering::Relaxed);
            let update = |id| format!("UPDATE rows SET n = n + 1 WHERE id = {id}");
            connection.batch_execute(&update(first)).await?;
            if !met {
                met = true;
                barrier.wait().await;
            }
            connection.batch_execute(&update(second)).await
        })
        .await
    };
    let (one, two) = tokio::join!(cross(1, 2), cross(2, 1));
    one.unwrap();
    two.unwrap();
    assert_eq!(
        attempts.load(Ordering::Relaxed),
        3,
        "one of the two ran twice"
    );
    assert_eq!(sum(&database).await, 4);
}

#[tokio::test]
async fn an_error_rolls_back_and_is_not_retried() {
    let (database, pool) = two_rows().await;
    let mut attempts = 0;
    let outcome = transaction(&mut pool.get().await.unwrap(), async |connection| {
        attempts += 1;
        connection.batch_execute("UPDATE rows SET n = 5").await?;
        Err::<(), _>(Error::NotFound)
    })
    .await;
    assert_eq!(outcome, Err(Error::NotFound));
    assert_eq!((attempts, sum(&database).await), (1, 0));
}
