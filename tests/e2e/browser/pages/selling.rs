//! `/selling`, `/selling/{id}`

use crate::{browser::chromium::Chromium, harness::Stack};

#[tokio::test]
async fn ones_tickets_and_their_figures() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&people[0]).await;
    browser.opens("/selling").await;
    browser.sees("Nothing on sale yet").await;
    browser.audited("selling-none").await;

    let paddle = people[0]
        .sell("Sunrise Paddle · Guided kayak tour", 45)
        .await;
    people[0]
        .sell("Hot-air Balloon for Two · Valley flight", 2)
        .await;
    let figures = format!("/selling/{}", paddle.id);
    browser.opens(&figures).await;
    browser.sees("No order yet").await;
    browser.audited("figures-none").await;
    for (buyer, quantity) in [(1, 4), (2, 2), (1, 6), (2, 3)] {
        let order = people[buyer].gets(paddle.id, quantity).await;
        if quantity != 3 {
            people[buyer].paid(order.id, "tok_visa").await;
        }
    }
    // Without a reload.
    browser.sees("12 of 45").await;
    browser.sees("Held 3").await;
    browser.sees("$126.00").await;
    browser.audited("figures").await;
    browser.opens("/selling").await;
    browser.sees("Hot-air Balloon for Two").await;
    browser.audited("selling").await;
    browser.ends().await;
}
