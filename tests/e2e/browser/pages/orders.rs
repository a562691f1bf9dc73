//! `/orders`

use crate::{browser::chromium::Chromium, harness::Stack};

#[tokio::test]
async fn none_and_some() {
    let stack = Stack::get();
    let people = stack.people(2).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&people[1]).await;
    browser.opens("/orders").await;
    browser.sees("No orders yet").await;
    browser.audited("orders-none").await;

    let ticket = people[0]
        .sell("Coastal Marathon · Starting place", 50)
        .await;
    let evening = people[0].sell("Throwing on the Wheel · Pottery evening", 8);
    let evening = evening.await;
    let paid = people[1].gets(ticket.id, 1).await;
    people[1].paid(paid.id, "tok_visa").await;
    let cancelled = people[1].gets(evening.id, 2).await;
    people[1].cancels(cancelled.id).await;
    people[1].gets(evening.id, 1).await;
    browser.reloads().await;
    for status in ["Paid", "Cancelled", "Held: not paid yet"] {
        browser.sees(status).await;
    }
    browser.audited("orders").await;
    browser.ends().await;
}
