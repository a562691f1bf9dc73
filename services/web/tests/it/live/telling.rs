//! Who is told what, and how often.

use chrono::TimeDelta;
use serde_json::json;
use ticketing_contracts::{events::orders::Inventory, ids::TicketId};

use super::{
    Listener, Streams,
    listener::{Ask, Told},
    streams::{held, next},
};
use crate::harness::User;

fn new_offers(tickets: &[TicketId]) -> Told {
    Told {
        name: "offers".into(),
        data: json!({"ids": tickets}).to_string(),
    }
}

fn offer(ticket: TicketId, version: i64) -> Told {
    Told {
        name: format!("offer-{ticket}"),
        data: format!("{{\"version\":{version}}}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_look_at_a_ticket_are_told_in_their_language() {
    let streams = Streams::new();
    let app = streams.start().await;
    let [ticket, other] = [streams.ticket(), streams.ticket()];
    let tickets = [ticket];
    let in_language = |language| Ask {
        tickets: &tickets,
        language,
        ..Ask::default()
    };
    let mut english = Listener::to(&app, in_language("en")).await;
    let mut again = Listener::to(&app, in_language("en")).await;
    let mut german = Listener::to(&app, in_language("de")).await;
    let mut elsewhere = Listener::to_tickets(&app, &[other]).await;
    streams.stock(&held(ticket, 7, 88)).await;
    streams.edit(other, 2).await;
    let told = english.told().await;
    assert_eq!(
        (&*told.name, told.version()),
        (&*format!("stock-{ticket}"), 7)
    );
    assert!(told.data.contains("12"), "{told:?}");
    assert_eq!(again.told().await, told);
    let told_in_german = german.told().await;
    assert_eq!(told_in_german.version(), 7);
    assert_ne!(told_in_german.data, told.data);
    assert_eq!(elsewhere.told().await, offer(other, 2));
}

/// What was never told of before is told at once: whatever is told before it came before it.
fn mark(streams: &Streams) -> (TicketId, Inventory) {
    let mark = streams.ticket();
    (mark, held(mark, 1, 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_is_told_twice_a_second_at_most() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let marks = [mark(&streams), mark(&streams)];
    let tickets = [ticket, marks[0].0, marks[1].0];
    let mut listener = Listener::to_tickets(&app, &tickets).await;
    for ((first, last), (_, mark)) in [(1, 100), (101, 200)].into_iter().zip(&marks) {
        for version in first..=last {
            streams.stock(&held(ticket, version, 1)).await;
        }
        streams.heard_by(&app).await;
        streams.stock(mark).await;
        if first == 1 {
            assert_eq!(listener.told().await.version(), 1);
        }
        let told = listener.told().await;
        assert_eq!(told.name, format!("stock-{}", mark.ticket_id));
        streams.clock.advance(TimeDelta::milliseconds(500));
        let told = listener.told().await;
        assert_eq!(
            (&*told.name, told.version()),
            (&*format!("stock-{ticket}"), last)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_is_ignored() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let mut listener = Listener::to_tickets(&app, &[ticket]).await;
    for version in [3, 2, 1, 3] {
        streams.stock(&held(ticket, version, 1)).await;
    }
    streams.heard_by(&app).await;
    for version in [3, 2] {
        streams.edit(ticket, version).await;
    }
    assert_eq!(listener.told().await.version(), 3);
    assert_eq!(listener.told().await, offer(ticket, 3));
    streams.heard_by(&app).await;
    // What waited would be told now.
    streams.clock.advance(TimeDelta::seconds(15));
    listener.lives().await;
    streams.edit(ticket, 4).await;
    assert_eq!(listener.told().await, offer(ticket, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_new_offers_who_asked_for_them() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ticket = streams.ticket();
    let home = Ask {
        tickets: &[ticket],
        offers: true,
        ..Ask::default()
    };
    let mut home = Listener::to(&app, home).await;
    let mut page = Listener::to_tickets(&app, &[ticket]).await;
    let mut new = Vec::new();
    for _ in 0..10 {
        new.push(streams.put_up().await);
    }
    streams.edit(ticket, 2).await;
    assert_eq!(home.told().await, new_offers(&new[..1]));
    assert_eq!(home.told().await, offer(ticket, 2));
    assert_eq!(page.told().await, offer(ticket, 2));
    streams.clock.advance(TimeDelta::seconds(1));
    let others = new_offers(&new[1..]);
    assert_eq!(home.told().await, others, "once for all of them");
}

/// The others are told of something that came later, and of nothing before it. Ann is told: what the others
/// must not hear was there to be heard.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_to_its_owner_only() {
    let streams = Streams::new();
    let app = streams.start().await;
    let (ann, bob) = (User::new(), User::new());
    let (ticket, mark) = mark(&streams);
    let tickets = [ticket];
    let asks = |user| Ask {
        tickets: &tickets,
        user,
        ..Ask::default()
    };
    let mut anns = [
        Listener::to(&app, asks(Some(&ann))).await,
        Listener::to(&app, asks(Some(&ann))).await,
    ];
    let mut others = [
        Listener::to(&app, asks(Some(&bob))).await,
        Listener::to(&app, asks(None)).await,
    ];
    let order = streams.order_of(&ann);
    streams.order(&order).await;
    streams.order(&next(&order)).await;
    streams.payment_failed(&order, 1).await;
    streams.heard_by(&app).await;
    streams.clock.advance(TimeDelta::milliseconds(500));
    for listener in &mut anns {
        for field in ["version\":1", "version\":2", "payment\":1"] {
            let data = format!("{{\"id\":\"{}\",\"{field}}}", order.id);
            for name in [format!("order-{}", order.id), "orders".into()] {
                let expected = Told {
                    name,
                    data: data.clone(),
                };
                assert_eq!(listener.told().await, expected);
            }
        }
    }
    streams.stock(&mark).await;
    for listener in anns.iter_mut().chain(&mut others) {
        let told = listener.told().await;
        assert_eq!(told.name, format!("stock-{ticket}"));
    }
}

/// Orders hears of it when web does, and the page asks orders.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_payment_its_owner_is_told_a_moment_later() {
    let streams = Streams::new();
    let app = streams.start().await;
    let ann = User::new();
    let mut listener = Listener::to_orders_of(&app, &ann).await;
    let order = streams.order_of(&ann);
    streams.payment_failed(&order, 1).await;
    streams.heard_by(&app).await;
    streams.order(&order).await;
    for _ in 0..2 {
        assert!(listener.told().await.data.contains("\"version\":1"));
    }
    streams.clock.advance(TimeDelta::milliseconds(500));
    assert!(listener.told().await.data.contains("\"payment\":1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_asked_for() {
    let streams = Streams::new();
    let app = streams.start().await;
    let tickets: Vec<_> = (0..101).map(|_| streams.ticket()).collect();
    let status = async |tickets: &[TicketId]| {
        let ask = Ask {
            tickets,
            ..Ask::default()
        };
        ask.of(&app).await.status()
    };
    assert_eq!(status(&tickets[..100]).await, 200);
    assert_eq!(status(&tickets).await, 400);
    assert_eq!(app.browser().get("/live?tickets=all").await.status, 400);
}
