//! A Redis that loses what it had, or goes away.

use chrono::TimeDelta;
use ticketing_testkit::{Redis, eventually};

use super::{Listener, Streams, listener::Ask, streams::held};

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_was_wiped() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    streams.stock(&held(ticket, 1, 1)).await;
    assert_eq!(listener.told().await.version(), 1);
    listener.lives().await;
    let place = listener.place.clone();
    streams.wipe().await;
    assert_eq!(listener.told().await.name, "reset", "who listens");
    let ask = Ask {
        tickets: &[ticket],
        place: &place,
        ..Ask::default()
    };
    let mut again = Listener::to(&app, ask).await;
    assert_eq!(again.told().await.name, "reset", "who comes back");
    streams.stock(&held(ticket, 2, 1)).await;
    for listener in [&mut listener, &mut again] {
        assert_eq!(listener.told().await.version(), 2);
    }
}

/// The streams stay open, and show that they do. When Redis is back nothing was missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_goes_away_and_comes_back() {
    let redis = Redis::durable().unwrap();
    let streams = Streams::on(&redis);
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    streams.stock(&held(ticket, 1, 1)).await;
    assert_eq!(listener.told().await.version(), 1);
    listener.lives().await;
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    eventually("it has noticed", async || {
        let ready = app.client.get(format!("{}/health/ready", app.admin));
        (ready.send().await.unwrap().status() == 503).then_some(())
    })
    .await;
    streams.clock.advance(TimeDelta::seconds(15));
    listener.lives().await;
    redis.start_again().unwrap();
    streams.stock(&held(ticket, 2, 2)).await;
    assert_eq!(listener.told().await.version(), 2);
}

/// It hangs: connections stay open and nothing answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_frozen() {
    let redis = Redis::start().unwrap();
    let streams = Streams::on(&redis);
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    redis.engine.freeze().unwrap();
    streams.clock.advance(TimeDelta::seconds(15));
    listener.lives().await;
    redis.engine.thaw().unwrap();
    streams.stock(&held(ticket, 1, 1)).await;
    assert_eq!(listener.told().await.version(), 1);
}

/// It serves, and whoever listens is told to look anew when there are streams.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_at_the_start() {
    let redis = Redis::durable().unwrap();
    redis.crash().unwrap();
    let streams = Streams::on(&redis);
    let app = crate::harness::Builder::new()
        .redis(streams.redis.clone())
        .clock(streams.clock.clock())
        .start();
    let ticket = streams.ticket();
    let ask = Ask {
        tickets: &[ticket],
        // Comes back from another instance; nobody can tell what it missed.
        place: "tickets=1-0,orders=1-0,payments=1-0",
        ..Ask::default()
    };
    let mut listener = Listener::to(&app, ask).await;
    assert_eq!(listener.told().await.name, "reset");
    redis.start_again().unwrap();
    assert_eq!(listener.told().await.name, "reset");
    streams.stock(&held(ticket, 1, 1)).await;
    assert_eq!(listener.told().await.version(), 1);
}
