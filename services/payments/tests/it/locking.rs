//! A payment and its refund are two rows, and are read as one under the payment's lock.

use diesel_async::AsyncPgConnection;
use payments::{
    domain::{Payment, Refund},
    store::payments::lock,
};
use ticketing_contracts::ids::PaymentId;
use ticketing_postgres::{Pool, tx};
use ticketing_testkit::eventually;

use crate::harness::{World, paid};

async fn locked(pool: Pool, id: PaymentId) -> Payment {
    let connection: &mut AsyncPgConnection = &mut pool.get().await.unwrap();
    tx::begin(connection).await.unwrap();
    let found = lock(connection, id).await;
    let found: Result<_, payments::error::Error> = found.map_err(Into::into);
    tx::end(connection, found).await.unwrap().unwrap()
}

/// Otherwise a refund that was made during the wait would be told of, or asked for, again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waited_for_the_lock_sees_the_refund_as_it_is_now() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, "tok_visa").await).await;
    app.stopped().await;
    let pool = Pool::new(&world.settings).unwrap();

    let (id, sql) = (payment.id, &world.sql);
    let due = "INSERT INTO refund (payment_id, status, created_at) VALUES ($1, 'due', now())";
    sql.execute(due, &[&id.0]).await.unwrap();
    sql.batch_execute("BEGIN").await.unwrap();
    let change = "UPDATE payment SET version = version + 1 WHERE id = $1";
    sql.execute(change, &[&id.0]).await.unwrap();
    let waiting = tokio::spawn(locked(pool, id));
    eventually("somebody waits for the lock", async || {
        let blocked =
            "SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
        sql.query_opt(blocked, &[]).await.unwrap().map(drop)
    })
    .await;
    let made = "UPDATE refund SET status = 'succeeded', stripe_id = 're_1' WHERE payment_id = $1";
    sql.execute(made, &[&id.0]).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();

    let found = waiting.await.unwrap();
    assert_eq!(found.version, payment.version + 1);
    assert_eq!(found.refund, Some(Refund::Succeeded("re_1".to_owned())));
}
