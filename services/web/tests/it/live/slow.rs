//! A browser that does not read.

use std::net::SocketAddr;

use ticketing_contracts::events::OrderEvent;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use super::{Listener, Streams, streams::next};
use crate::harness::User;

/// Events at once.
const BATCH: usize = 100;
/// More than any buffer holds.
const BATCHES: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_dropped_and_the_others_go_on() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ann = User::new();
    let mut quick = Listener::to_orders_of(&app, &ann).await;
    let address: SocketAddr = app.base.trim_start_matches("http://").parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    // The less the system holds for it, the sooner it is seen to be slow.
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut slow = socket.connect(address).await.unwrap();
    let head = format!(
        "GET /live HTTP/1.1\r\nHost: web\r\nCookie: session={}\r\n\r\n",
        ann.session
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = slow.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let before = app.metric("web_live_dropped_total").await;
    let mut order = streams.order_of(&ann);
    for batch in 1.. {
        assert!(batch <= BATCHES, "it is still waited for");
        let mut events = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            order = next(&order);
            events.push(OrderEvent::Updated(order.clone()));
        }
        streams.say(&events).await;
        // One who reads is told everything, each by two names.
        for event in &events {
            let OrderEvent::Updated(order) = event else {
                unreachable!()
            };
            let version = format!("\"version\":{}}}", order.version);
            for _ in 0..2 {
                let told = quick.told().await;
                assert!(told.data.ends_with(&version), "{told:?} is not {version}");
            }
        }
        if app.metric("web_live_dropped_total").await > before {
            break;
        }
    }
    // When it reads again it finds the end, and comes back to where it was.
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"\r\n0\r\n\r\n"));
    streams.order(&next(&order)).await;
    assert_eq!(quick.told().await.name, format!("order-{}", order.id));
}
