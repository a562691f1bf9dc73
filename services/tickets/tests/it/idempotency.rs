//! `Idempotency-Key` on `POST /api/tickets`

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::{RequestBuilder, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{TestApp, User, id_of, json_of, problem};

fn body() -> Value {
    json!({"title": "Row 7", "price": 10.5})
}

fn keyed(app: &TestApp, user: &User, key: &str, body: &Value) -> RequestBuilder {
    app.post(user, body).header("Idempotency-Key", key)
}

async fn put_up(app: &TestApp, user: &User, key: &str) -> Value {
    let response = keyed(app, user, key, &body()).send().await.unwrap();
    json_of(response, StatusCode::CREATED).await
}

async fn put_up_so_far(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM ticket").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_same_answer() {
    let app = TestApp::start().await;
    let seller = app.user();
    let first = keyed(&app, &seller, "a", &body()).send().await.unwrap();
    let headers = first.headers().clone();
    let first = json_of(first, StatusCode::CREATED).await;
    // The ticket changes; the answer does not. And a body may be written otherwise.
    let edit = json!({"title": "Row 8", "price": 1});
    app.put(&seller, &id_of(&first), &edit)
        .send()
        .await
        .unwrap();
    app.clock.advance(TimeDelta::hours(23));
    let rewritten = json!({"price": "10.50", "capacity": null, "title": "Row 7"});
    let again = keyed(&app, &seller, "a", &rewritten).send().await.unwrap();
    for name in ["location", "etag", "content-type", "cache-control"] {
        assert_eq!(again.headers()[name], headers[name]);
    }
    assert_eq!(json_of(again, StatusCode::CREATED).await, first);
    assert_eq!(put_up_so_far(&app).await, 1);
    assert_eq!(
        app.event_types().await,
        ["ticket:created", "ticket:updated"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_or_with_another_it_is_another_request() {
    let app = TestApp::start().await;
    let seller = app.user();
    put_up(&app, &seller, "a").await;
    put_up(&app, &seller, "b").await;
    app.put_up(&seller, &body()).await;
    app.put_up(&seller, &body()).await;
    put_up(&app, &app.user(), "a").await;
    assert_eq!(put_up_so_far(&app).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request() {
    let app = TestApp::start().await;
    let seller = app.user();
    put_up(&app, &seller, "a").await;
    let other = json!({"title": "Row 8", "price": 10.5});
    let response = keyed(&app, &seller, "a", &other).send().await.unwrap();
    let told = problem(response, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(told, "This Idempotency-Key was used for another request");
    assert_eq!(put_up_so_far(&app).await, 1);
}

#[rstest]
#[case::empty("")]
#[case::too_long(&"x".repeat(256))]
#[case::a_space("a b")]
#[tokio::test(flavor = "multi_thread")]
async fn not_every_text_is_a_key(#[case] key: &str) {
    let app = TestApp::start().await;
    let response = keyed(&app, &app.user(), key, &body()).send().await.unwrap();
    let told = problem(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(
        told,
        "Idempotency-Key must be 1 to 255 visible ASCII characters"
    );
    assert_eq!(put_up_so_far(&app).await, 0);
}

/// The first waits for a lock that the test holds.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_is_in_flight_there_is_no_answer_yet() {
    let app = TestApp::start().await;
    let seller = app.user();
    let lock = app.database.superuser().await;
    lock.batch_execute("BEGIN; LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let first = tokio::spawn(keyed(&app, &seller, "a", &body()).send());
    app.waiting_for("ticket", 1).await;
    let second = keyed(&app, &seller, "a", &body()).send().await.unwrap();
    let told = problem(second, StatusCode::CONFLICT).await;
    assert_eq!(
        told,
        "A request with this Idempotency-Key is still in flight"
    );
    lock.batch_execute("COMMIT").await.unwrap();
    let first = json_of(first.await.unwrap().unwrap(), StatusCode::CREATED).await;
    assert_eq!(
        put_up(&app, &seller, "a").await,
        first,
        "the 409 was not stored"
    );
    assert_eq!(put_up_so_far(&app).await, 1);
}

/// Its client is gone, and so is the mark: nothing has to expire.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_that_is_given_up_leaves_no_mark() {
    let app = TestApp::start().await;
    let seller = app.user();
    let lock = app.database.superuser().await;
    lock.batch_execute("BEGIN; LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let first = tokio::spawn(keyed(&app, &seller, "a", &body()).send());
    app.waiting_for("ticket", 1).await;
    let waiting = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'ticket'::regclass";
    lock.batch_execute(waiting).await.unwrap();
    let first = first.await.unwrap().unwrap();
    problem(first, StatusCode::SERVICE_UNAVAILABLE).await;
    lock.batch_execute("COMMIT").await.unwrap();
    put_up(&app, &seller, "a").await;
    assert_eq!(put_up_so_far(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_puts_it_up() {
    let app = TestApp::start().await;
    let seller = app.user();
    let attempts = (0..30).map(|_| keyed(&app, &seller, "a", &body()).send());
    let mut ids = Vec::new();
    for response in join_all(attempts).await {
        let response = response.unwrap();
        match response.status() {
            StatusCode::CONFLICT => {}
            _ => ids.push(id_of(&json_of(response, StatusCode::CREATED).await)),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "there is one answer");
    assert_eq!(put_up_so_far(&app).await, 1);
    assert_eq!(app.event_types().await, ["ticket:created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_not_an_answer() {
    let app = TestApp::start().await;
    let seller = app.user();
    let invalid = keyed(&app, &seller, "a", &json!({"title": "", "price": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(invalid.status(), StatusCode::BAD_REQUEST);
    app.sql
        .batch_execute("ALTER TABLE ticket RENAME TO elsewhere")
        .await
        .unwrap();
    let failed = keyed(&app, &seller, "a", &body()).send().await.unwrap();
    problem(failed, StatusCode::INTERNAL_SERVER_ERROR).await;
    app.sql
        .batch_execute("ALTER TABLE elsewhere RENAME TO ticket")
        .await
        .unwrap();
    put_up(&app, &seller, "a").await;
    assert_eq!(put_up_so_far(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_key_is_as_good_as_new() {
    let app = TestApp::start().await;
    let seller = app.user();
    let first = put_up(&app, &seller, "a").await;
    app.clock.advance(TimeDelta::hours(24));
    let token = app.auth.session(seller.id, app.clock.clock().now());
    let seller = User { token, ..seller };
    let second = put_up(&app, &seller, "a").await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(put_up(&app, &seller, "a").await, second);

    app.clock.advance(TimeDelta::hours(24));
    let pool = ticketing_postgres::Pool::new(&app.database.app()).unwrap();
    let mut connection = pool.get().await.unwrap();
    let now = app.clock.clock().now();
    // The service itself may have been first.
    tickets::store::answers::forget(&mut connection, now)
        .await
        .unwrap();
    assert_eq!(app.number("SELECT count(*) FROM idempotency").await, 0);
}
