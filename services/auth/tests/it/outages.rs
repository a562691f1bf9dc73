//! Postgres goes away and comes back.

use auth::store::MIGRATIONS;
use reqwest::StatusCode;
use ticketing_postgres::migrate;
use ticketing_testkit::{database::Postgres, eventually};

use crate::harness::{Builder, PASSWORD, cookie, problem};

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_it_says_so_and_recovers() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.schema("auth").unwrap();
    migrate::up(&database.owner(), MIGRATIONS).await.unwrap();
    let app = Builder::new().await.database(database.app()).start().await;
    let session = cookie(&app.sign_up("ann@example.com").await);

    postgres.crash().unwrap();
    let response = app.sign_up("bob@example.com").await;
    let retry_after = response.headers()["retry-after"].clone();
    assert_eq!(retry_after, "2");
    problem(response, StatusCode::SERVICE_UNAVAILABLE).await;
    // A session needs no database.
    assert!(app.current_user(&session).await["currentUser"].is_object());

    postgres.engine.start_again().unwrap();
    eventually("sign-in works again", async || {
        let answer = app.sign_in("ann@example.com", PASSWORD).await;
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
}
