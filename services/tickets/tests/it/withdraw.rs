//! `DELETE /api/tickets/{id}`

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{TestApp, inventory, json_of, path, problem};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_gone() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    let response = app.delete(&seller, &id).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    problem(app.get(&path(&id)).await, StatusCode::NOT_FOUND).await;
    let listed = json_of(app.get("/api/tickets").await, StatusCode::OK).await;
    assert_eq!(listed, json!([]));
    let edit = app.put(&seller, &id, &json!({"title": "x", "price": 1}));
    problem(edit.send().await.unwrap(), StatusCode::NOT_FOUND).await;

    let tombstone = json!({
        "id": id, "version": 2, "title": "Standing", "price": 2000, "currency": "USD",
        "userId": seller.id, "capacity": 5,
    });
    let closed: Vec<Value> = app.orders.closed().iter().map(|t| json!(t)).collect();
    assert_eq!(
        closed,
        std::slice::from_ref(&tombstone),
        "orders has closed it, at that version"
    );
    assert_eq!(
        app.events().await[1],
        ("ticket:deleted".to_owned(), 2, tombstone)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn again_changes_nothing() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    for _ in 0..3 {
        assert_eq!(
            app.delete(&seller, &id).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(
        app.event_types().await,
        ["ticket:created", "ticket:deleted"]
    );
    assert_eq!(app.orders.closed().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_withdraw_it_once() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    app.orders.shut();
    let attempts: Vec<_> = (0..5)
        .map(|_| tokio::spawn(app.by(&seller, Method::DELETE, &path(&id)).send()))
        .collect();
    app.orders.waiting(5).await;
    app.orders.open();
    for attempt in attempts {
        assert_eq!(
            attempt.await.unwrap().unwrap().status(),
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(
        app.event_types().await,
        ["ticket:created", "ticket:deleted"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_it_is_not() {
    let app = TestApp::start().await;
    let (seller, other) = (app.user(), app.user());
    let id = app.seat(&seller).await;
    problem(app.delete(&other, &id).await, StatusCode::FORBIDDEN).await;
    let nobody = app
        .request(Method::DELETE, &path(&id))
        .send()
        .await
        .unwrap();
    problem(nobody, StatusCode::UNAUTHORIZED).await;
    assert_eq!(app.orders.asked(), 0);
    app.delete(&seller, &id).await;
    // What is gone is nobody's.
    problem(app.delete(&other, &id).await, StatusCode::NOT_FOUND).await;
}

#[rstest]
#[case::held(1, 0)]
#[case::sold(0, 1)]
#[tokio::test(flavor = "multi_thread")]
async fn not_while_somebody_has_some(#[case] held: i32, #[case] sold: i32) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    app.orders.stock(inventory(&id, 1, 5, held, sold));
    let told = problem(app.delete(&seller, &id).await, StatusCode::CONFLICT).await;
    assert_eq!(
        told,
        "Cannot withdraw a ticket while some of it is held or sold"
    );
    assert_eq!(app.shown(&id).await["version"], 1);
    app.orders.stock(inventory(&id, 2, 5, 0, 0));
    assert_eq!(
        app.delete(&seller, &id).await.status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_orders_it_stays() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.seat(&seller).await;
    app.orders.away(true);
    problem(
        app.delete(&seller, &id).await,
        StatusCode::SERVICE_UNAVAILABLE,
    )
    .await;
    assert_eq!(app.shown(&id).await["version"], 1);
    assert_eq!(app.event_types().await, ["ticket:created"]);
    app.orders.away(false);
    assert_eq!(
        app.delete(&seller, &id).await.status(),
        StatusCode::NO_CONTENT
    );
}

/// Orders has closed it, so it goes, at a version above that of the edit.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_between_loses() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    app.orders.shut();
    let withdrawal = tokio::spawn(app.by(&seller, Method::DELETE, &path(&id)).send());
    app.orders.waiting(1).await;
    let edit = json!({"title": "Sitting", "price": 1});
    json_of(
        app.put(&seller, &id, &edit).send().await.unwrap(),
        StatusCode::OK,
    )
    .await;
    app.orders.open();
    assert_eq!(
        withdrawal.await.unwrap().unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let events = app.events().await;
    let last = events.last().unwrap();
    assert_eq!((last.0.as_str(), last.1), ("ticket:deleted", 3));
    assert_eq!(last.2["title"], "Sitting");
}
