//! Health and metrics on the admin port.

use serde_json::{Value, json};
use ticketing_testkit::eventually;

use crate::harness::{World, deadline};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_is_kept_what_was_published_and_how_late() {
    let world = World::new();
    let instance = world.start("a");
    let (now, later) = (world.order(0), world.order(15));
    world.place(&[now.clone(), later]).await;
    world.fires(&[deadline(&now)]).await;
    for expected in [
        "\nexpiration_published_total ",
        "\nexpiration_lateness_seconds_bucket{",
        "\nexpiration_scheduled ",
        "\nexpiration_dead_letters ",
        "\nmessaging_handled_total{",
    ] {
        eventually(expected, async || {
            let text = instance.get("/metrics").await.text().await.unwrap();
            text.contains(expected).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_else_on_the_admin_port() {
    let world = World::new();
    let instance = world.start("a");
    // A probe has a second, and may miss it once.
    eventually("it is ready", async || {
        let ready = instance.get("/health/ready").await;
        (ready.json::<Value>().await.unwrap() == json!({"status": "ready"})).then_some(())
    })
    .await;
    assert_eq!(instance.get("/health/live").await.status(), 200);
    assert_eq!(instance.get("/api/orders").await.status(), 404);
}
