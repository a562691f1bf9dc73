//! What others do is seen without a reload, and disturbs nobody.

use std::time::Duration;

use serde_json::json;
use ticketing_testkit::eventually_within;
use tokio::time::timeout;

use super::{
    chromium::{Chromium, Kind},
    steps::RESERVE,
};
use crate::harness::{RECOVERED_WITHIN, Stack};

const FRESH: &str = "Show new ones";

#[tokio::test]
async fn stock_is_seen_in_another_browser() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Marimbaphone workshop", 7).await;
    let (at_home, at_the_ticket) = (
        Chromium::new().start(&stack).await,
        Chromium::new().start(&stack).await,
    );
    at_home.opens("/?q=marimbaphone").await;
    at_the_ticket.opens_ticket(ticket.id).await;
    for browser in [&at_home, &at_the_ticket] {
        browser.sees("7 left").await;
        browser.stays().await;
    }
    let order = buyer.gets(ticket.id, 4).await;
    for browser in [&at_home, &at_the_ticket] {
        browser.sees("3 left").await;
    }
    buyer.cancels(order.id).await;
    for browser in [&at_home, &at_the_ticket] {
        browser.sees("7 left").await;
    }
    buyer.gets(ticket.id, 7).await;
    for browser in [&at_home, &at_the_ticket] {
        browser.sees("Sold out for now").await;
        assert!(browser.stayed().await);
    }
    at_home.ends().await;
    at_the_ticket.ends().await;
}

/// Of six thousand and some.
fn left(capacity: i32) -> String {
    format!("6,{} left", capacity - 6_000)
}

/// A page is told from before its time on, so also of what it lists already.
#[tokio::test]
async fn only_what_is_not_listed_is_new() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let browser = Chromium::new().start(&stack).await;
    let listen = "const url = document.querySelector('[sse-connect]').getAttribute('sse-connect');
        window.told = '';
        new EventSource(url).addEventListener('offers', ({ data }) => (window.told += data));";
    let told = "whoever listens as the page does is told of it";
    let mut capacity = 6_407;
    // A page that took seconds to open is told only of what came after: then another one is put up.
    let listed = eventually_within(RECOVERED_WITHIN, told, async || {
        capacity += 10;
        let listed = seller.sell("Nyckelharpa, first row", capacity).await;
        browser.opens("/").await;
        browser.sees(&left(capacity)).await;
        browser.stays().await;
        browser.runs(listen, []).await.unwrap();
        let id = listed.id.to_string();
        let hears = async || {
            let told = browser.runs("return window.told", []).await.unwrap();
            told.as_str().unwrap().contains(&id)
        };
        let heard = timeout(Duration::from_secs(10), browser.eventually(told, hears)).await;
        heard.ok().map(|()| listed)
    })
    .await;
    // What the page is told after that.
    buyer.gets(listed.id, 2).await;
    browser.sees(&left(listed.capacity - 2)).await;
    assert!(!browser.has(Kind::Link, FRESH).await);

    seller.sell("Hardanger fiddle, first row", 5).await;
    browser.sees_link(FRESH).await;
    assert!(browser.stayed().await);
    browser.follows(FRESH).await;
    browser.sees("Hardanger fiddle, first row").await;
    browser.ends().await;
}

/// What somebody is writing stays written, and where they are.
#[tokio::test]
async fn the_focus_is_kept_over_an_update() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let ticket = people[0].sell("Lute evening", 9).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&people[1]).await;
    browser.opens_ticket(ticket.id).await;
    browser.fills("Quantity", "3").await;
    let before = browser.focus().await;
    assert!(
        before["name"].as_str().unwrap().starts_with("Quantity"),
        "{before}"
    );
    people[2].gets(ticket.id, 2).await;
    browser.sees("7 left").await;
    assert_eq!(browser.focus().await, before);
    let written = browser
        .runs("return document.activeElement.value", [])
        .await;
    assert_eq!(written.unwrap(), json!("3"));

    // The same for a button; what it reserves is what was written.
    browser.tabs_to(RESERVE).await;
    let before = browser.focus().await;
    people[2].gets(ticket.id, 1).await;
    browser.sees("6 left").await;
    assert_eq!(browser.focus().await, before);
    let order = browser.reserves().await;
    assert_eq!(people[1].shows(order).await.items[0].quantity, 3);
    browser.ends().await;
}

/// The price is the seller's to change: the page shows it, and who had it open does not pay another.
#[tokio::test]
async fn a_changed_price_is_seen() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Bargain", 5).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(buyer).await;
    browser.opens_ticket(ticket.id).await;
    browser.sees("$10.50").await;
    browser.stays().await;
    let edit = json!({"title": "Bargain", "price": 12, "capacity": 5});
    seller.edits(ticket.id, &edit).await;
    browser.sees("$12.00").await;
    assert!(browser.stayed().await);
    browser.ends().await;
}

/// One's own orders, in another tab or on another device.
#[tokio::test]
async fn orders_change_where_they_are_listed() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Carillon, upper gallery", 5).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(buyer).await;
    browser.opens("/orders").await;
    browser.sees("No orders yet").await;
    browser.stays().await;
    let order = buyer.gets(ticket.id, 1).await;
    browser.sees("Held: not paid yet").await;
    buyer.paid(order.id, "tok_visa").await;
    browser.sees_no("Held: not paid yet").await;
    browser.sees("Paid").await;
    assert!(browser.stayed().await);
    browser.ends().await;
}
