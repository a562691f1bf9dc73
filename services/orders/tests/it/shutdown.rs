//! The end of an instance.

use reqwest::StatusCode;
use serde_json::{Value, json};
use ticketing_contracts::ids::TicketId;
use ticketing_testkit::eventually;
use tokio::sync::mpsc::{self, Receiver};
use tokio_postgres::Client;

use crate::harness::{App, World, created, one, problem};

type Answer = reqwest::Result<reqwest::Response>;

/// A hundred orders, none of which can be written until the gate is opened; their answers as they come.
/// The first is a batch of its own, which is under way when the others come. So few of them may wait that
/// some are told so at once.
async fn queued(world: &World, app: &App, ticket: TicketId) -> (Client, Receiver<Answer>) {
    let gate = world.database.superuser().await;
    gate.batch_execute("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let (sender, answers) = mpsc::channel(100);
    for number in 0..100 {
        let (request, sender) = (app.ordering(&world.user(), &one(ticket)), sender.clone());
        tokio::spawn(async move { sender.send(request.send().await).await });
        if number == 0 {
            world.stuck(1).await;
        }
    }
    (gate, answers)
}

/// Those that wait in the queue as well: each gets its answer, and what was answered is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_finished_and_nothing_new_is_taken() {
    let world = World::new().await;
    let world = world
        .set("RESERVATION_QUEUE", "50")
        .set("RESERVATION_BATCH", "7");
    let app = world.start().await;
    let ticket = world.offered(1_000).await;
    let (gate, mut answers) = queued(&world, &app, ticket).await;
    // Besides the first, 50 find a place; when the others are answered all have come.
    for _ in 0..49 {
        let busy = answers.recv().await.unwrap().unwrap();
        assert_eq!(busy.headers()["retry-after"], "1");
        problem(busy, StatusCode::SERVICE_UNAVAILABLE).await;
    }

    app.lifecycle.soft().cancel();
    eventually("nothing new is accepted", async || {
        let fresh = reqwest::get(format!("{}/api/orders", app.base)).await;
        fresh.is_err_and(|error| error.is_connect()).then_some(())
    })
    .await;
    assert!(!app.done.is_finished(), "it ended with requests in flight");
    eventually("it says so", async || {
        let ready = reqwest::get(format!("{}/health/ready", app.admin)).await;
        let ready = ready.unwrap();
        let refused = ready.status() == StatusCode::SERVICE_UNAVAILABLE;
        let draining = ready.json::<Value>().await.unwrap() == json!({"status": "draining"});
        (refused && draining).then_some(())
    })
    .await;

    gate.batch_execute("COMMIT").await.unwrap();
    let mut placed = 0;
    while let Some(answer) = answers.recv().await {
        let order = created(answer.unwrap()).await;
        let sql = format!("SELECT count(*) FROM orders WHERE id = '{}'", order.id);
        assert_eq!(world.number(&sql).await, 1);
        placed += 1;
    }
    assert_eq!(placed, 51);
    app.done.await.unwrap().unwrap();
    assert_eq!(world.stock(ticket).await, (1_000, placed, 0));
    assert_eq!(world.wrong_books().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_it_up() {
    let world = World::new().await;
    let app = world.start().await;
    app.placed(&world.user(), world.offered(1).await).await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(15), app.stopped());
    ended.await.expect("it ends before its deadline");
}
