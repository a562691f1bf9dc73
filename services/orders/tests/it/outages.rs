//! Postgres or Redis goes away and comes back.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use nix::sys::signal::Signal;
use reqwest::{RequestBuilder, StatusCode};
use ticketing_contracts::{events::OrderEvent, ids::OrderId};
use ticketing_testkit::{Link, Postgres, Redis, eventually};

use crate::harness::{World, all, created, one, problem};

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_it_says_so_and_recovers() {
    let postgres = Postgres::start().unwrap();
    let mut world = World::in_its_own(&postgres).await;
    world.settings.wait = Duration::from_secs(1);
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(10).await);
    let before = app.placed(&ann, ticket).await;

    postgres.crash().unwrap();
    let refused = app.order(&ann, &one(ticket)).await;
    assert_eq!(refused.headers()["retry-after"], "2");
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    let path = format!("/api/orders/{}", before.id);
    problem(app.get(&ann, &path).await, StatusCode::SERVICE_UNAVAILABLE).await;
    let refused = app.cancel(&ann, before.id).await;
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;

    postgres.start_again().unwrap();
    eventually("orders can be placed again", async || {
        let answer = app.order(&ann, &one(ticket)).await;
        (answer.status() == StatusCode::CREATED).then_some(())
    })
    .await;
    assert_eq!(app.show(&ann, before.id).await, before);
}

/// One order after the other, each asked for until it is answered, as a client would.
async fn buy(requests: Vec<RequestBuilder>, unanswered: Arc<AtomicUsize>) -> Vec<OrderId> {
    let mut placed = Vec::new();
    for request in requests {
        let order = loop {
            let answer = request.try_clone().unwrap().send().await.unwrap();
            match answer.status() {
                StatusCode::CREATED => break created(answer).await,
                StatusCode::SERVICE_UNAVAILABLE => _ = unanswered.fetch_add(1, Ordering::SeqCst),
                other => panic!("{other}: {}", answer.text().await.unwrap()),
            }
        };
        placed.push(order.id);
    }
    placed
}

/// Whoever was answered 201 has an order, and nobody has two: under load, Postgres is killed again and
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives() {
    let postgres = Postgres::start().unwrap();
    let mut world = World::in_its_own(&postgres).await;
    world.settings.wait = Duration::from_secs(1);
    let apps = [world.start().await, world.start().await];
    let ticket = world.offered(100_000).await;
    let unanswered = Arc::new(AtomicUsize::new(0));
    let mut placed: BTreeSet<OrderId> = BTreeSet::new();
    for round in 0..3 {
        let buyers: Vec<_> = (0..16)
            .map(|buyer| {
                let (user, app) = (world.user(), &apps[buyer % 2]);
                let requests = (0..30).map(|number: u8| {
                    let request = app.ordering(&user, &one(ticket));
                    request.header("idempotency-key", number.to_string())
                });
                buy(requests.collect(), Arc::clone(&unanswered))
            })
            .collect();
        let load = tokio::spawn(all(buyers));
        let sql = world.database.superuser().await;
        eventually("the load is under way", async || {
            let sold = "SELECT count(*) FROM orders";
            let sold: i64 = sql.query_one(sold, &[]).await.unwrap().get(0);
            (sold > round * 16 * 30).then_some(())
        })
        .await;
        postgres.crash().unwrap();
        postgres.start_again().unwrap();
        placed.extend(load.await.unwrap().into_iter().flatten());
    }
    assert_eq!(placed.len(), 3 * 16 * 30);
    assert!(unanswered.load(Ordering::SeqCst) > 0, "nobody noticed");
    let sql = world.database.superuser().await;
    let rows = sql.query("SELECT id::text FROM orders", &[]).await.unwrap();
    let ids = rows
        .iter()
        .map(|row| row.get::<_, &str>(0).parse().unwrap());
    assert_eq!(ids.collect::<BTreeSet<OrderId>>(), placed);
}

/// The commit takes place and its answer is lost: the request is answered by what happened, and not
/// tried once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost() {
    let mut world = World::new().await;
    let link = Link::to(world.settings.port).await;
    world.settings.port = link.port();
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(10).await);
    app.placed(&ann, ticket).await;
    for held in 2..=4 {
        link.cut_after(b"COMMIT");
        app.placed(&ann, ticket).await;
        assert_eq!(world.stock(ticket).await, (10, held, 0));
    }
    assert!(link.cuts() > 0, "no answer was lost");
    assert_eq!(world.wrong_books().await, 0);
}

/// Orders are placed without Redis; it is told of them when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_orders_are_placed() {
    let redis = Redis::durable().unwrap();
    let mut world = World::new().await;
    world.redis.url = redis.url();
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(10).await);
    app.placed(&ann, ticket).await;
    redis.engine.end(Signal::SIGKILL).unwrap();
    let order = app.placed(&ann, ticket).await;
    redis.start_again().unwrap();
    eventually("it is published", async || {
        let events = world.published().await;
        let told =
            |event: &OrderEvent| matches!(event, OrderEvent::Created(told) if told.id == order.id);
        events.iter().any(told).then_some(())
    })
    .await;
}
