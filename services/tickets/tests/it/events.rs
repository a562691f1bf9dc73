//! What tickets publishes, as it arrives in the stream.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};
use ticketing_testkit::eventually;

use crate::harness::{Builder, TestApp};

/// The entries' types, subjects, versions and data.
async fn stream(app: &TestApp) -> Vec<(String, String, String, Value)> {
    let mut connection = app.redis.connect().await.unwrap();
    let entries: Vec<(String, BTreeMap<String, String>)> = redis::cmd("XRANGE")
        .arg(app.redis.key("tickets"))
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    let entry = |(_, fields): (String, BTreeMap<String, String>)| {
        let data = serde_json::from_str(&fields["data"]).unwrap();
        let field = |name: &str| fields[name].clone();
        (field("type"), field("subject"), field("version"), data)
    };
    entries.into_iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tickets_life_in_its_order() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    let edit = json!({"title": "Sitting", "price": 1});
    app.put(&seller, &id, &edit).send().await.unwrap();
    app.delete(&seller, &id).await;
    let entries = eventually("all are published", async || {
        Some(stream(&app).await).filter(|entries| entries.len() == 3)
    })
    .await;
    let told: Vec<_> = entries
        .iter()
        .map(|(kind, _, version, _)| format!("{kind} {version}"))
        .collect();
    assert_eq!(
        told,
        ["ticket:created 1", "ticket:updated 2", "ticket:deleted 3"]
    );
    for (_, subject, version, data) in entries {
        assert_eq!(subject, id);
        assert_eq!(data["version"].to_string(), version);
    }
}

/// One instance leads; the others ring.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_instance_writes() {
    let builder = Builder::new().await;
    let apps = [builder.start().await, builder.start().await];
    let seller = apps[0].user();
    for n in 0..10 {
        apps[n % 2].seat(&seller).await;
    }
    let entries = eventually("all are published", async || {
        Some(stream(&apps[0]).await).filter(|entries| entries.len() >= 10)
    })
    .await;
    assert_eq!(entries.len(), 10, "each once");
    // The one that leads ends; the other takes over.
    let [first, second] = apps;
    first.lifecycle.soft().cancel();
    first.done.await.unwrap().unwrap();
    second.seat(&seller).await;
    eventually("the other publishes", async || {
        (stream(&second).await.len() == 11).then_some(())
    })
    .await;
}

/// No event without its change, and no change without its event.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_tells_nothing() {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 5).await;
    app.sql
        .batch_execute("ALTER TABLE outbox RENAME TO elsewhere")
        .await
        .unwrap();
    let body = json!({"title": "Sitting", "price": 1});
    for request in [app.post(&seller, &body), app.put(&seller, &id, &body)] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    let response = app.delete(&seller, &id).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    app.sql
        .batch_execute("ALTER TABLE elsewhere RENAME TO outbox")
        .await
        .unwrap();
    assert_eq!(app.shown(&id).await["version"], 1);
    assert_eq!(app.number("SELECT count(*) FROM ticket").await, 1);
    assert_eq!(app.event_types().await, ["ticket:created"]);
    // What orders has closed is withdrawn when the seller asks again.
    assert_eq!(
        app.delete(&seller, &id).await.status(),
        StatusCode::NO_CONTENT
    );
}
