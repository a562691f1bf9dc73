//! Postgres or Redis goes away and comes back.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use nix::sys::signal::Signal;
use reqwest::{Method, RequestBuilder, StatusCode};
use rstest::rstest;
use ticketing_contracts::{events::OrderEvent, ids::OrderId};
use ticketing_testkit::{Link, Postgres, Redis, eventually};

use crate::harness::{World, all, created, one, problem};

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_it_says_so_and_recovers() {
    let postgres = Postgres::start().unwrap();
    let world = World::in_its_own(&postgres).await;
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

/// One order after the other until it is enough, each asked for until it is answered, as a client would.
async fn buy(
    request: RequestBuilder,
    unanswered: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
) -> Vec<OrderId> {
    let mut placed = Vec::new();
    while !enough.load(Ordering::SeqCst) {
        let key = placed.len().to_string();
        let order = loop {
            let request = request.try_clone().unwrap();
            let request = request.header("idempotency-key", &key);
            let answer = request.send().await.unwrap();
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
    let ticket = world.offered(1_000_000).await;
    let unanswered = Arc::new(AtomicUsize::new(0));
    let mut placed: Vec<OrderId> = Vec::new();
    for round in 0..3 {
        let sql = world.database.superuser().await;
        let sold = async || {
            let sold = sql.query_one("SELECT count(*) FROM orders", &[]).await;
            sold.unwrap().get::<_, i64>(0)
        };
        let before = sold().await;
        // There is load until Postgres is back, however fast it is answered.
        let enough = Arc::new(AtomicBool::new(false));
        let buyers: Vec<_> = (0..16)
            .map(|buyer| {
                let request = apps[buyer % 2].ordering(&world.user(), &one(ticket));
                buy(request, Arc::clone(&unanswered), Arc::clone(&enough))
            })
            .collect();
        let load = tokio::spawn(all(buyers));
        eventually("the load is under way", async || {
            (sold().await > before).then_some(())
        })
        .await;
        postgres.crash().unwrap();
        if round == 2 {
            // One that is back at once may answer all who wait. This time somebody notices.
            eventually("somebody is not answered", async || {
                (unanswered.load(Ordering::SeqCst) > 0).then_some(())
            })
            .await;
        }
        postgres.start_again().unwrap();
        enough.store(true, Ordering::SeqCst);
        placed.extend(load.await.unwrap().into_iter().flatten());
    }
    let answered = placed.len();
    let placed: BTreeSet<OrderId> = placed.into_iter().collect();
    assert_eq!(placed.len(), answered, "two were answered with one order");
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

/// A crash forgets which ids it gave to transactions that had not committed, and Postgres gives them
/// again: that a transaction of that id has committed does not say that it was ours.
#[rstest]
#[case::of_one_that_places(false)]
#[case::of_one_that_cancels(true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_transactions_id_that_is_given_again(#[case] cancels: bool) {
    let postgres = Postgres::start().unwrap();
    let mut world = World::in_its_own(&postgres).await;
    let link = Link::to(postgres.port()).await;
    world.settings.port = link.port();
    let (app, ann, ticket) = (world.start().await, world.user(), world.offered(10).await);
    let before = app.placed(&ann, ticket).await;
    let unpublished = "SELECT count(*) FROM outbox WHERE stamp IS NULL";
    eventually("nothing else is going on", async || {
        (world.number(unpublished).await == 0).then_some(())
    })
    .await;
    // Nothing reaches the disk unless a commit takes it there, and ours waits at the gate.
    let gate = world.database.superuser().await;
    for statement in [
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
        "SELECT pg_reload_conf()",
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER waits AFTER INSERT OR UPDATE ON orders INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION wait()",
        "SELECT pg_advisory_lock(1)",
    ] {
        gate.batch_execute(statement).await.unwrap();
    }
    let request = if cancels {
        let request = app.request(Method::DELETE, &format!("/api/orders/{}", before.id));
        request.bearer_auth(&ann.session)
    } else {
        app.ordering(&ann, &one(ticket))
    };
    let answer = tokio::spawn(request.send());
    world.stuck(1).await;
    let ours =
        "SELECT backend_xid::text::bigint FROM pg_stat_activity WHERE wait_event = 'advisory'";
    let ours = world.number(ours).await;
    // Until others have had the ids, orders gets none.
    link.cut().await;
    postgres.crash().unwrap();
    postgres.start_again().unwrap();

    let sql = world.database.superuser().await;
    let number = async |query: &str| sql.query_one(query, &[]).await.unwrap().get::<_, i64>(0);
    let next = "SELECT pg_current_xact_id()::text::bigint";
    let first = number(next).await;
    assert!(first <= ours, "{ours} was not forgotten, {first} is next");
    while number(next).await < ours {}
    link.mend();
    let answer = answer.await.unwrap().unwrap();
    let open = number("SELECT count(*) FROM orders WHERE status = 'created'").await;
    if cancels {
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(open, 0, "what was answered did not happen");
    } else {
        let order = created(answer).await;
        assert_eq!(open, 2, "what was answered did not happen");
        assert_eq!(app.show(&ann, order.id).await, order);
    }
    assert_eq!(number("SELECT sum(held) FROM inventory").await, open);
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
