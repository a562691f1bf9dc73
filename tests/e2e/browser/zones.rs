//! Times are the reader's, and say so.

use chrono::{FixedOffset, TimeZone};

use super::chromium::Chromium;
use crate::harness::Stack;

#[tokio::test]
async fn times_are_shown_in_the_readers_zone() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Koto and shamisen", 2).await;
    let order = buyer.gets(ticket.id, 1).await;
    buyer.paid(order.id, "tok_visa").await;
    // No summer time in either of the two.
    for (zone, hours, name) in [("Asia/Tokyo", 9, "GMT+9"), ("America/Phoenix", -7, "MST")] {
        let browser = Chromium::new().in_zone(zone).start(&stack).await;
        browser.belongs_to(buyer).await;
        browser.opens_order(order.id).await;
        browser.sees(name).await;
        let offset = FixedOffset::east_opt(hours * 3600).unwrap();
        let there = offset.from_utc_datetime(&order.created_at.naive_utc());
        let shown = browser.text().await.unwrap();
        // As the browser's language writes it.
        let written = [
            there.format("%H:%M").to_string(),
            there.format("%-I:%M").to_string(),
        ];
        assert!(
            written.iter().any(|time| shown.contains(time)),
            "{written:?}: {shown}"
        );
        assert!(!shown.contains("UTC"), "{shown}");
        browser.ends().await;
    }
}

/// Without a script, the server can't know the zone, and says which it has written.
#[tokio::test]
async fn without_a_script_the_zone_is_named() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Gamelan", 2).await;
    let order = buyer.gets(ticket.id, 1).await;
    let browser = Chromium::new()
        .in_zone("Asia/Tokyo")
        .without_script()
        .start(&stack)
        .await;
    browser.belongs_to(buyer).await;
    browser.opens_order(order.id).await;
    browser.sees("UTC").await;
    browser.ends().await;
}
