//! Postgres goes away and comes back.

use reqwest::StatusCode;
use serde_json::json;
use ticketing_testkit::{Postgres, eventually};

use crate::harness::{Builder, path, problem};

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_it_says_so_and_recovers() {
    let postgres = Postgres::start().unwrap();
    let builder = Builder::on(postgres.schema("tickets").unwrap()).await;
    let app = builder.start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;

    postgres.crash().unwrap();
    let body = json!({"title": "Sitting", "price": 1});
    let responses = [
        app.get(&path(&id)).await,
        app.get("/api/tickets").await,
        app.post(&seller, &body).send().await.unwrap(),
        app.put(&seller, &id, &body).send().await.unwrap(),
        app.delete(&seller, &id).await,
    ];
    for response in responses {
        assert_eq!(response.headers()["retry-after"], "2");
        problem(response, StatusCode::SERVICE_UNAVAILABLE).await;
    }

    postgres.start_again().unwrap();
    eventually("it shows tickets again", async || {
        (app.get(&path(&id)).await.status() == StatusCode::OK).then_some(())
    })
    .await;
    let edited = app.put(&seller, &id, &body).send().await.unwrap();
    assert_eq!(edited.status(), StatusCode::OK);
}
