//! A hold of some seconds, watched until its end.

use super::{
    chromium::Chromium,
    steps::{TIME_IS_UP, TIME_LEFT},
};
use crate::harness::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_sees_the_time_run_out() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let ticket = people[0].sell("Ten seconds of fame", 1).await;
    let (buyer, rival) = (
        Chromium::new().start(&stack).await,
        Chromium::new().start(&stack).await,
    );
    buyer.belongs_to(&people[1]).await;
    rival.belongs_to(&people[2]).await;
    stack
        .with_settings("orders", &[("HOLD", "20s")], async || {
            rival.opens_ticket(ticket.id).await;
            rival.stays().await;
            buyer.opens_ticket(ticket.id).await;
            let order = buyer.reserves().await;
            buyer.sees(TIME_LEFT).await;
            buyer.stays().await;
            rival.sees("Sold out for now").await;
            rival.sees("1 held, may come back in").await;

            buyer.sees_heading(TIME_IS_UP).await;
            buyer.sees_no(TIME_LEFT).await;
            // Free again, and the next one need not reload to get it.
            rival.sees("Still available").await;
            assert!(buyer.stayed().await && rival.stayed().await);
            assert_eq!(buyer.path().await, format!("/orders/{order}"));
            rival.reserves().await;
            buyer.ends().await;
            rival.ends().await;
        })
        .await;
}

/// The countdown goes by the server's clock, whatever the visitor's says.
#[tokio::test]
async fn a_visitors_wrong_clock_does_no_harm() {
    let stack = Stack::get();
    let [seller, person] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Early bird", 3).await;
    let order = person.gets(ticket.id, 1).await;
    let buyer = Chromium::new().start(&stack).await;
    buyer.belongs_to(person).await;
    buyer.has_its_clock_ahead_by(3600).await;
    buyer.opens_order(order.id).await;
    buyer.sees(TIME_LEFT).await;
    // 14 minutes and some seconds, not an hour too few.
    let left = buyer.runs(
        "return document.querySelector('[role=timer]').innerText",
        [],
    );
    let left = left.await.unwrap();
    let left = left.as_str().unwrap();
    assert!(left.contains("14:") || left.contains("15:"), "{left}");
    assert!(!buyer.reads(TIME_IS_UP).await);
    buyer.ends().await;
}
