//! The end of an instance.

use auth::store::MIGRATIONS;
use futures::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use ticketing_postgres::migrate;
use ticketing_testkit::{TestDatabase, eventually};

use crate::harness::{Builder, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_finished_and_nothing_new_is_taken() {
    let database = TestDatabase::new();
    migrate::up(&database.owner(), MIGRATIONS).await.unwrap();
    let app = Builder::new().await.database(database.app()).start().await;
    app.sign_up("ann@example.com").await;
    // With the table locked, sign-ins stay in flight for as long as the test wants.
    let lock = database.superuser().await;
    lock.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let requests: Vec<_> = (0..3)
        .map(|_| {
            let body = json!({"email": "ann@example.com", "password": PASSWORD});
            tokio::spawn(app.post("/api/users/signin", &body).send())
        })
        .collect();
    let observer = database.superuser().await;
    eventually("three sign-ins wait for the lock", async || {
        let count =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass";
        let waiting: i64 = observer.query_one(count, &[]).await.unwrap().get(0);
        (waiting == 3).then_some(())
    })
    .await;

    app.lifecycle.soft().cancel();
    eventually("nothing new is accepted", async || {
        let fresh = Client::new()
            .get(format!("{}/api/users/currentuser", app.base))
            .send()
            .await;
        fresh.is_err_and(|error| error.is_connect()).then_some(())
    })
    .await;
    assert!(!app.done.is_finished(), "it ended with requests in flight");
    eventually("it says that it drains", async || {
        let ready = reqwest::get(format!("{}/health/ready", app.admin))
            .await
            .unwrap();
        let status = ready.status();
        let told: Value = ready.json().await.unwrap();
        let drains = told == json!({"status": "draining"});
        (status == StatusCode::SERVICE_UNAVAILABLE && drains).then_some(())
    })
    .await;
    lock.batch_execute("COMMIT").await.unwrap();
    for answer in join_all(requests).await {
        assert_eq!(answer.unwrap().unwrap().status(), StatusCode::OK);
    }
    app.done.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_it_up() {
    let app = TestApp::start().await;
    let idle = app
        .client
        .get(format!("{}/api/users/currentuser", app.base))
        .send()
        .await
        .unwrap();
    idle.bytes().await.unwrap();
    app.lifecycle.soft().cancel();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(15), app.done).await;
    ended
        .expect("it ends before its deadline")
        .unwrap()
        .unwrap();
}
