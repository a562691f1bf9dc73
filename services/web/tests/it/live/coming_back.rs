//! Who was away is told what it missed, at any instance, or that this can't be told.

use ticketing_contracts::{events::OrderEvent, ids::TicketId};

use super::{Listener, Streams, listener::Ask, streams::held};
use crate::harness::{App, User};

/// Comes back to a place.
async fn back(app: &App, place: &str, tickets: &[TicketId]) -> Listener {
    let ask = Ask {
        tickets,
        place,
        ..Ask::default()
    };
    Listener::to(app, ask).await
}

/// What came between is told: by the same instance, by one that has seen it as well, and by one that was
/// started after it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_at_another_instance() {
    let streams = Streams::new();
    let ann = User::new();
    let [first, second] = [streams.start().await, streams.start().await];
    let ticket = streams.ticket();
    let tickets = [ticket];
    let listen = async |instance, place: &str| {
        let ask = Ask {
            tickets: &tickets,
            user: Some(&ann),
            place,
            ..Ask::default()
        };
        Listener::to(instance, ask).await
    };
    let mut listener = listen(&first, "").await;
    streams.stock(&held(ticket, 1, 1)).await;
    assert_eq!(listener.told().await.version(), 1);
    listener.lives().await;
    let place = listener.place.clone();
    drop(listener);

    let order = streams.order_of(&ann);
    streams.stock(&held(ticket, 2, 2)).await;
    streams.stock(&held(ticket, 3, 3)).await;
    streams.edit(ticket, 2).await;
    streams.order(&order).await;
    streams.order(&streams.order_of(&User::new())).await;
    streams.payment_failed(&order, 1).await;
    let third = streams.start().await;
    for instance in [&first, &second, &third] {
        streams.heard_by(instance).await;
        let mut again = listen(instance, &place).await;
        let missed = again.missed().await;
        let names: Vec<_> = missed.iter().map(|told| &*told.name).collect();
        let (stock, offer) = (format!("stock-{ticket}"), format!("offer-{ticket}"));
        let orders = format!("order-{}", order.id);
        let expected = [&*stock, &offer, &orders, "orders", &orders, "orders"];
        assert_eq!(names, expected);
        assert_eq!(missed[0].version(), 3);
        assert!(missed[2].data.contains("\"version\":1"), "{missed:?}");
        assert!(missed[4].data.contains("\"payment\":1"), "{missed:?}");
        // And it is where the instance is.
        let mut once_more = listen(instance, &again.place).await;
        assert_eq!(once_more.missed().await, []);
    }
}

/// Whoever is cut off while something waits is told of it by the next instance.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_is_not_lost() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    streams.stock(&held(ticket, 1, 1)).await;
    streams.stock(&held(ticket, 2, 2)).await;
    streams.heard_by(&app).await;
    streams.edit(ticket, 2).await;
    assert_eq!(listener.told().await.version(), 1);
    assert_eq!(listener.told().await.name, format!("offer-{ticket}"));
    listener.lives().await;
    let place = listener.place.clone();
    drop(listener);
    let other = streams.start().await;
    let mut again = back(&other, &place, &[ticket]).await;
    let missed = again.missed().await;
    assert_eq!(missed[0].version(), 2, "{missed:?}");
}

/// After that it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_is_told_as_well() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let place = Listener::to_tickets(&app, &[ticket]).await.place;
    streams.stock(&held(ticket, 1, 1)).await;
    let other = streams.start().await;
    let mut again = back(&other, &place, &[ticket]).await;
    assert_eq!(again.told().await.version(), 1);
    streams.stock(&held(ticket, 2, 2)).await;
    assert_eq!(again.told().await.version(), 2);
}

/// An instance that has not seen what went before can't know whether it was of interest.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_trimmed_can_not_be_told() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    streams.stock(&held(ticket, 1, 1)).await;
    listener.told().await;
    listener.lives().await;
    for version in 2..=5 {
        streams.stock(&held(ticket, version, 1)).await;
    }
    streams.heard_by(&app).await;
    streams.trim::<OrderEvent>(2).await;
    let other = streams.start().await;
    let mut again = back(&other, &listener.place, &[ticket]).await;
    assert_eq!(again.told().await.name, "reset");
    streams.stock(&held(ticket, 6, 1)).await;
    assert_eq!(again.told().await.version(), 6);
    // The one that has seen it can tell.
    let mut here = back(&app, &listener.place, &[ticket]).await;
    assert!(here.told().await.version() >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_not_told() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let place = Listener::to_tickets(&app, &[ticket]).await.place;
    let stocks = |versions: std::ops::RangeInclusive<i64>| {
        let stocks = versions.map(|version| OrderEvent::InventoryUpdated(held(ticket, version, 1)));
        stocks.collect::<Vec<_>>()
    };
    streams.say(&stocks(1..=2_000)).await;
    let other = streams.start().await;
    assert_eq!(
        back(&other, &place, &[ticket]).await.told().await.version(),
        2_000
    );
    streams.say(&stocks(2_001..=2_001)).await;
    let third = streams.start().await;
    assert_eq!(
        back(&third, &place, &[ticket]).await.told().await.name,
        "reset"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_there_is_not() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    streams.stock(&held(ticket, 1, 1)).await;
    let future = format!(
        "tickets=0-0,orders={}-0,payments=0-0",
        i64::from(u32::MAX) * 1_000
    );
    for place in ["nonsense", &future] {
        let mut listener = back(&app, place, &[ticket]).await;
        assert_eq!(listener.told().await.name, "reset", "{place}");
    }
}

/// A page that was made while Redis could not be reached has no place to listen from.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_place_looks_anew() {
    let streams = Streams::new();
    let app = streams.start().await;
    let mut answer = app
        .client
        .get(format!("{}/live?since=", app.base))
        .send()
        .await
        .unwrap();
    let first = answer.chunk().await.unwrap().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(first.contains("event: reset\n"), "{first}");
}

/// A page shows what it was made of: what came while it was made, it is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_listens_from_before_it_was_made() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ann = User::new();
    let order = streams.order_of(&ann);
    streams.order(&order).await;
    streams.heard_by(&app).await;
    let page = app.browser().open("/").await;
    let html = page.html();
    let selector = scraper::Selector::parse("[sse-connect]").unwrap();
    let url = html
        .select(&selector)
        .next()
        .expect("it listens")
        .attr("sse-connect")
        .unwrap();
    let answer = app
        .client
        .get(format!("{}{url}", app.base))
        .header("cookie", format!("session={}", ann.session))
        .send();
    let mut answer = answer.await.unwrap();
    let first = answer.chunk().await.unwrap().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(
        first.contains(&format!("event: order-{}\n", order.id)),
        "{first}"
    );
}
