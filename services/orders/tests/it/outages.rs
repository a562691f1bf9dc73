//! Postgres or Redis goes away and comes back.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use ticketing_contracts::{events::OrderEvent, ids::OrderId};
use ticketing_testkit::{Link, Postgres, Redis, eventually};

use crate::harness::{World, all, one, problem};

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_it_says_so_and_recovers() {
    let postgres = Postgres::start().unwrap();
    let mut world = World::in_its_own(&postgres).await;
    world.settings.wait = std::time::Duration::from_secs(1);
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

/// Whoever was answered 201 has an order, and nobody has two: under load, Postgres is killed again and
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives() {
    let postgres = Postgres::start().unwrap();
    let mut world = World::in_its_own(&postgres).await;
    world.settings.wait = std::time::Duration::from_secs(1);
    let apps = [world.start().await, world.start().await];
    let ticket = world.offered(100_000).await;
    let buyers: Vec<_> = (0..8).map(|_| world.user()).collect();
    let mut placed: BTreeSet<OrderId> = BTreeSet::new();
    for round in 0..3 {
        let requests = buyers.iter().enumerate().flat_map(|(turn, buyer)| {
            let app = &apps[turn % 2];
            (0..40).map(move |number| {
                let key = format!("{round}-{number}");
                let request = app.ordering(buyer, &one(ticket));
                let request = request.header("idempotency-key", key);
                async move {
                    // As a client would: until it is answered.
                    loop {
                        let again = request.try_clone().unwrap();
                        let answer = again.send().await.unwrap();
                        match answer.status() {
                            StatusCode::CREATED => {
                                let order = crate::harness::created(answer).await;
                                return order.id;
                            }
                            StatusCode::SERVICE_UNAVAILABLE => tokio::task::yield_now().await,
                            other => panic!("{other}: {}", answer.text().await.unwrap()),
                        }
                    }
                }
            })
        });
        let load = tokio::spawn(all(requests.collect::<Vec<_>>()));
        postgres.crash().unwrap();
        postgres.start_again().unwrap();
        placed.extend(load.await.unwrap());
    }
    assert_eq!(placed.len(), 3 * 8 * 40);
    let sql = world.database.superuser().await;
    let ids: BTreeSet<_> = sql
        .query("SELECT id::text FROM orders", &[])
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.get::<_, &str>(0).parse().unwrap())
        .collect();
    assert_eq!(ids, placed);
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
