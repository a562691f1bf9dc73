//! `GET /api/tickets/{id}`

use futures::future::join_all;
use reqwest::{Method, StatusCode, header::IF_NONE_MATCH};
use serde_json::json;

use crate::harness::{TestApp, id_of, inventory, path};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told() {
    let app = TestApp::start().await;
    let id = app.seat(&app.user()).await;
    let response = app.get(&path(&id)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["etag"], "\"1-0\"");
}

/// The tag is that of what is shown, stock and all: a buyer must not be shown what is gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    let ask = async |tag: &str| {
        let request = app
            .request(Method::GET, &path(&id))
            .header(IF_NONE_MATCH, tag);
        request.send().await.unwrap()
    };
    let response = ask("\"1-0\"").await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(response.headers()["etag"], "\"1-0\"");
    assert_eq!(response.text().await.unwrap(), "");

    app.reported(&inventory(&id, 4, 5, 2, 0)).await;
    let response = ask("\"1-0\"").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["etag"], "\"1-4\"");
    assert_eq!(ask("\"1-4\"").await.status(), StatusCode::NOT_MODIFIED);

    let edit = json!({"title": "Standing", "price": 21});
    let edited = app.put(&seller, &id, &edit).send().await.unwrap();
    assert_eq!(edited.headers()["etag"], "\"2-4\"");
    assert_eq!(ask("\"1-4\"").await.status(), StatusCode::OK);
}

/// Reads are gathered; everybody gets what they asked for.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_each_their_own() {
    let app = TestApp::start().await;
    let seller = app.user();
    let mut ids = Vec::new();
    for number in 0..20 {
        let body = json!({"title": format!("Seat {number}"), "price": 1});
        ids.push(id_of(&app.put_up(&seller, &body).await));
    }
    let asks = (0..400).map(|n| {
        let (app, id) = (&app, &ids[n % ids.len()]);
        async move { (n, app.shown(id).await) }
    });
    for (n, shown) in join_all(asks).await {
        assert_eq!(shown["id"], json!(ids[n % ids.len()]));
        assert_eq!(shown["title"], json!(format!("Seat {}", n % ids.len())));
    }
}

/// Whoever has changed something is shown it, however many others read the while.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_shown_at_once() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    let readers = (0..8).map(|_| async {
        for _ in 0..100 {
            app.shown(&id).await;
        }
    });
    let editor = async {
        for price in 1..=30 {
            let edit = json!({"title": "Standing", "price": price});
            let edited = app.put(&seller, &id, &edit).send().await.unwrap();
            assert_eq!(edited.status(), StatusCode::OK);
            assert_eq!(app.shown(&id).await["price"], price);
        }
    };
    tokio::join!(join_all(readers), editor);
}
