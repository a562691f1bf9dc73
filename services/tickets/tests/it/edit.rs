//! `PUT /api/tickets/{id}`

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::{Method, Response, StatusCode, header::IF_MATCH};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{ids::OrderId, time::to_text};

use crate::harness::{TestApp, User, inventory, json_of, path, problem, problem_with_field};

const RESERVED: &str = "Cannot edit a reserved ticket";

async fn edit(app: &TestApp, user: &User, id: &str, body: &Value) -> Response {
    app.put(user, id, body).send().await.unwrap()
}

fn to(price: i32) -> Value {
    json!({"title": "Row 7", "price": price})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticket_is_as_it_was_put() {
    let app = TestApp::start().await;
    let seller = app.user();
    let body = json!({"title": "Standing", "price": 20, "capacity": 5, "maxPerOrder": 2, "maxPerPerson": 3});
    let before = app.put_up(&seller, &body).await;
    let id = crate::harness::id_of(&before);
    app.clock.advance(TimeDelta::seconds(5));

    let body = json!({"title": " Sitting ", "price": 21.5, "currency": "USD", "maxPerOrder": 4});
    let response = edit(&app, &seller, &id, &body).await;
    assert_eq!(response.headers()["etag"], "\"2-0\"");
    let edited = json_of(response, StatusCode::OK).await;
    let now = to_text(app.clock.clock().now());
    let expected = json!({
        "id": id, "title": "Sitting", "price": 21.5, "currency": "USD", "userId": seller.id, "version": 2,
        "capacity": 5, "held": 0, "sold": 0, "available": 5, "maxPerOrder": 4,
        "createdAt": before["createdAt"], "updatedAt": now,
    });
    assert_eq!(edited, expected);
    assert_eq!(app.shown(&id).await, expected);

    let data = json!({
        "id": id, "version": 2, "title": "Sitting", "price": 2150, "currency": "USD", "userId": seller.id,
        "capacity": 5, "maxPerOrder": 4,
    });
    assert_eq!(
        app.events().await[1],
        ("ticket:updated".to_owned(), 2, data)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_it_is_not() {
    let app = TestApp::start().await;
    let id = app.seat(&app.user()).await;
    let before = app.shown(&id).await;
    let response = edit(&app, &app.user(), &id, &to(1)).await;
    assert_eq!(
        problem(response, StatusCode::FORBIDDEN).await,
        "Not your ticket"
    );
    let request = app.request(Method::PUT, &path(&id)).json(&to(1));
    problem(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    assert_eq!(app.shown(&id).await, before);
    assert_eq!(app.event_types().await, ["ticket:created"]);
    assert_eq!(app.orders.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_currency_stays() {
    let app = TestApp::start().await;
    let seller = app.user();
    let body = json!({"title": "Sitting", "price": 1500, "currency": "JPY", "capacity": 2});
    let id = crate::harness::id_of(&app.put_up(&seller, &body).await);
    let body = json!({"title": "Sitting", "price": 15, "currency": "USD"});
    let told = problem_with_field(
        edit(&app, &seller, &id, &body).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    assert_eq!(
        told,
        (
            "Currency can't be changed: it is JPY".to_owned(),
            Some("currency".to_owned())
        )
    );
    // The price is one in that currency, though the body does not name it.
    let body = json!({"title": "Sitting", "price": 15.5});
    let told = problem_with_field(
        edit(&app, &seller, &id, &body).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let message = "Price must not have more than 0 decimals in JPY";
    assert_eq!(told, (message.to_owned(), Some("price".to_owned())));
    assert_eq!(app.shown(&id).await["version"], 1);
}

#[rstest]
#[case::the_version(Some(2), None, StatusCode::OK)]
#[case::an_old_version(Some(1), None, StatusCode::CONFLICT)]
#[case::a_version_to_come(Some(3), None, StatusCode::CONFLICT)]
#[case::the_tag(None, Some("\"2-0\""), StatusCode::OK)]
#[case::the_version_as_a_tag(None, Some("\"2\""), StatusCode::OK)]
#[case::a_tag_of_another_stock(None, Some("\"2-9\""), StatusCode::OK)]
#[case::an_old_tag(None, Some("\"1-0\""), StatusCode::CONFLICT)]
#[case::any(None, Some("*"), StatusCode::OK)]
#[case::one_of_some(None, Some("\"1-0\", \"2-0\""), StatusCode::OK)]
#[case::not_a_tag(None, Some("2"), StatusCode::CONFLICT)]
#[case::they_disagree(Some(2), Some("\"1-0\""), StatusCode::CONFLICT)]
#[case::nothing_expected(None, None, StatusCode::OK)]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_must_be_what_is_there(
    #[case] version: Option<i64>,
    #[case] tag: Option<&str>,
    #[case] status: StatusCode,
) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    json_of(edit(&app, &seller, &id, &to(1)).await, StatusCode::OK).await;

    let mut body = to(2);
    if let Some(version) = version {
        body["version"] = json!(version);
    }
    let mut request = app.put(&seller, &id, &body);
    if let Some(tag) = tag {
        request = request.header(IF_MATCH, tag);
    }
    let response = request.send().await.unwrap();
    if status == StatusCode::CONFLICT {
        assert_eq!(
            problem(response, status).await,
            "The ticket was edited meanwhile"
        );
        assert_eq!(app.shown(&id).await["price"], 1);
        assert_eq!(app.events().await.len(), 2);
    } else {
        assert_eq!(json_of(response, status).await["version"], 3);
        assert_eq!(app.events().await.len(), 3);
    }
}

/// Ten edits of the same version: one succeeds. The control: without a version all do, one after the
/// other.
#[rstest]
#[case::of_one_version(true, 1)]
#[case::control(false, 10)]
#[tokio::test(flavor = "multi_thread")]
async fn racing_edits(#[case] expected: bool, #[case] successes: usize) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    // All of them have read the ticket when the first of them writes.
    app.orders.shut();
    let edits = (1..=10).map(|price| {
        let mut body = to(price);
        if expected {
            body["version"] = json!(1);
        }
        tokio::spawn(app.put(&seller, &id, &body).send())
    });
    let edits: Vec<_> = edits.collect();
    app.orders.waiting(10).await;
    app.orders.open();
    let mut statuses = Vec::new();
    for outcome in join_all(edits).await {
        statuses.push(outcome.unwrap().unwrap().status());
    }
    let won = statuses
        .iter()
        .filter(|status| **status == StatusCode::OK)
        .count();
    let lost = statuses
        .iter()
        .filter(|status| **status == StatusCode::CONFLICT)
        .count();
    assert_eq!(won + lost, 10, "{statuses:?}");
    if expected {
        assert_eq!(won, successes, "{statuses:?}");
    } else {
        assert!(won > 1, "{statuses:?}");
    }
    // One event for each, in the order of versions.
    let versions: Vec<_> = app
        .events()
        .await
        .iter()
        .map(|(_, version, _)| *version)
        .collect();
    let rising: Vec<_> = (1..=i64::try_from(won).unwrap() + 1).collect();
    assert_eq!(versions, rising);
    let shown = app.shown(&id).await;
    assert_eq!(shown["version"], json!(won + 1));
    let last = app.events().await.pop().unwrap().2;
    assert_eq!(last["price"], json!(shown["price"].as_i64().unwrap() * 100));
}

#[rstest]
#[case::reserved(1, 0)]
#[case::sold(0, 1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_somebody_has(#[case] held: i32, #[case] sold: i32) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    // Orders knows; its event has not come yet.
    app.orders.stock(inventory(&id, 1, 1, held, sold));
    let response = edit(&app, &seller, &id, &to(1)).await;
    assert_eq!(problem(response, StatusCode::CONFLICT).await, RESERVED);
    // Nor can it become many.
    let body = json!({"title": "Row 7", "price": 1, "capacity": 2});
    let response = edit(&app, &seller, &id, &body).await;
    assert_eq!(problem(response, StatusCode::CONFLICT).await, RESERVED);
    assert_eq!(app.shown(&id).await["version"], 1);
    assert_eq!(app.event_types().await, ["ticket:created"]);

    // It is free again.
    app.orders.stock(inventory(&id, 2, 1, 0, 0));
    json_of(edit(&app, &seller, &id, &to(1)).await, StatusCode::OK).await;
}

/// The copy here counts when it is newer than what orders says, and not when it lags.
#[tokio::test(flavor = "multi_thread")]
async fn the_newer_of_both_copies_counts() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    let order_id = Some(OrderId::new(app.clock.clock().now()));
    let held = ticketing_contracts::events::orders::Inventory {
        order_id,
        ..inventory(&id, 3, 1, 1, 0)
    };
    app.reported(&held).await;
    assert_eq!(app.shown(&id).await["orderId"], json!(order_id));
    // Orders has never heard of it, or lags.
    let response = edit(&app, &seller, &id, &to(1)).await;
    assert_eq!(problem(response, StatusCode::CONFLICT).await, RESERVED);
    app.orders.stock(inventory(&id, 2, 1, 0, 0));
    let response = edit(&app, &seller, &id, &to(1)).await;
    assert_eq!(problem(response, StatusCode::CONFLICT).await, RESERVED);
    // It was released; the event has not come.
    app.orders.stock(inventory(&id, 4, 1, 0, 0));
    json_of(edit(&app, &seller, &id, &to(1)).await, StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_many_is_edited_while_it_is_sold() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    app.reported(&inventory(&id, 1, 5, 2, 1)).await;
    app.orders.away(true);
    let body = json!({"title": "Standing", "price": 30, "capacity": 1});
    let edited = json_of(edit(&app, &seller, &id, &body).await, StatusCode::OK).await;
    assert_eq!(app.orders.asked(), 0);
    // What is held and sold stays so.
    assert_eq!(
        (&edited["capacity"], &edited["available"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(app.events().await[1].2["capacity"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_orders_nobody_knows_whether_a_seat_is_free() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    app.orders.away(true);
    let response = edit(&app, &seller, &id, &to(1)).await;
    assert_eq!(response.headers()["retry-after"], "1");
    problem(response, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(app.shown(&id).await["version"], 1);
    app.orders.away(false);
    json_of(edit(&app, &seller, &id, &to(1)).await, StatusCode::OK).await;
}

/// Another edit comes while orders is asked: what was read is checked again.
#[rstest]
#[case::with_a_version(Some(1), StatusCode::CONFLICT)]
#[case::without(None, StatusCode::OK)]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_between(#[case] version: Option<i64>, #[case] status: StatusCode) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    app.orders.shut();
    let mut body = to(1);
    body["version"] = json!(version);
    let slow = tokio::spawn(app.put(&seller, &id, &body).send());
    app.orders.waiting(1).await;
    let meanwhile = format!("UPDATE ticket SET version = 2, title = 'x' WHERE id = '{id}'");
    app.sql.batch_execute(&meanwhile).await.unwrap();
    app.orders.open();
    assert_eq!(slow.await.unwrap().unwrap().status(), status);
    let shown = app.shown(&id).await;
    if status == StatusCode::OK {
        assert_eq!(
            (&shown["version"], &shown["title"]),
            (&json!(3), &json!("Row 7"))
        );
        assert_eq!(app.orders.asked(), 2, "it is asked again");
    } else {
        assert_eq!(
            (&shown["version"], &shown["title"]),
            (&json!(2), &json!("x"))
        );
    }
}

/// Nothing is locked while orders is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_orders_holds_nobody_up() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    app.orders.shut();
    // More than there are connections.
    let edits: Vec<_> = (1..=12)
        .map(|price| tokio::spawn(app.put(&seller, &id, &to(price)).send()))
        .collect();
    app.orders.waiting(12).await;
    app.reported(&inventory(&id, 1, 1, 0, 0)).await;
    app.seat(&seller).await;
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' \
                AND application_name = current_schema()";
    assert_eq!(app.number(idle).await, 0);
    app.orders.open();
    for edit in edits {
        edit.await.unwrap().unwrap();
    }
}
