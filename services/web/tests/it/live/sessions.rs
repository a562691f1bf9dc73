//! Until when somebody listens.

use chrono::TimeDelta;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    Listener, Streams,
    listener::{Ask, DEADLINE},
    streams::next,
};
use crate::harness::{Builder, User};

#[tokio::test(flavor = "multi_thread")]
async fn until_the_session_ends() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ann = User::new();
    let ticket = streams.ticket();
    let order = streams.order_of(&ann);
    let mut anns = Listener::to_orders_of(&app, &ann).await;
    let mut nobodys = Listener::to_tickets(&app, &[ticket]).await;
    streams.order(&order).await;
    for _ in 0..2 {
        assert!(anns.told().await.data.contains("\"version\":1"));
    }
    // Her session began by the machine's time, which has gone on.
    streams.clock.advance(TimeDelta::hours(25));
    assert_eq!(anns.told().await.name, "signed-out");
    assert_eq!(anns.next().await, None);
    // Who comes back with that session is nobody: its orders are not told.
    let mut again = Listener::to_orders_of(&app, &ann).await;
    streams.order(&next(&order)).await;
    streams.edit(ticket, 2).await;
    assert_eq!(nobodys.told().await.name, format!("offer-{ticket}"));
    streams.clock.advance(TimeDelta::seconds(15));
    again.lives().await;
}

/// The instance that is asked ends its streams at once; a session elsewhere goes on.
#[tokio::test(flavor = "multi_thread")]
async fn until_somebody_signs_out() {
    let streams = Streams::new();
    let app = streams.start().await;
    let (ann, bob) = (User::new(), User::new());
    let mut anns = Listener::to_orders_of(&app, &ann).await;
    let mut bobs = Listener::to_orders_of(&app, &bob).await;
    let browser = app.browser_of(&ann);
    let page = browser.open("/").await;
    browser.submit(&page.form("/auth/signout")).await;
    assert_eq!(anns.told().await.name, "signed-out");
    assert_eq!(anns.next().await, None);
    streams.order(&streams.order_of(&bob)).await;
    assert_eq!(bobs.told().await.name.split_once('-').unwrap().0, "order");
}

/// Time stands still: no sign of life finds out that nobody takes it.
#[tokio::test(flavor = "multi_thread")]
async fn until_the_browser_goes() {
    let streams = Streams::new();
    let app = streams.start().await;
    let mut browser = TcpStream::connect(app.base.trim_start_matches("http://"))
        .await
        .unwrap();
    browser
        .write_all(b"GET /live HTTP/1.1\r\nHost: web\r\n\r\n")
        .await
        .unwrap();
    browser.read_u8().await.unwrap();
    browser.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let end = timeout(DEADLINE, browser.read_to_end(&mut rest)).await;
    end.expect("it is let go").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_instance_stops() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    // Forced after a deadline would be no clean end.
    let stopping = tokio::spawn(app.stopped());
    assert_eq!(listener.next().await, None);
    stopping.await.unwrap();
}

/// Nobody can tell whose it is: an order page that listened as nobody would never be told.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_can_not_be_verified_is_asked_to_come_later() {
    let streams = Streams::new();
    let app = Builder::new()
        .without("auth")
        .redis(streams.redis.clone())
        .start();
    let ask = Ask {
        user: Some(&User::new()),
        ..Ask::default()
    };
    let answer = ask.of(&app).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(Ask::default().of(&app).await.status(), 200);
}
