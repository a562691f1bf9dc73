//! `tickets resync`: every ticket once more.

use serde_json::json;
use tickets::resync;

use crate::harness::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn each_as_it_is_now() {
    let app = TestApp::start().await;
    let seller = app.user();
    let new = app.offer(&seller, 5).await;
    let edited = app.offer(&seller, 5).await;
    let edit = json!({"title": "Sitting", "price": 1});
    app.put(&seller, &edited, &edit).send().await.unwrap();
    let gone = app.offer(&seller, 5).await;
    app.delete(&seller, &gone).await;
    let before = app.events().await;

    resync::run(&app.database.app()).await.unwrap();
    let again = app.events().await.split_off(before.len());
    assert_eq!(again.len(), 3);
    for (id, kind, version) in [
        (&new, "ticket:created", 1),
        (&edited, "ticket:updated", 2),
        (&gone, "ticket:deleted", 2),
    ] {
        let event = again
            .iter()
            .find(|(.., data)| data["id"] == json!(id))
            .unwrap();
        assert_eq!((event.0.as_str(), event.1), (kind, version));
        assert!(before.contains(event), "it tells what was told before");
    }
}
