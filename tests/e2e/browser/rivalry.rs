//! One ticket, and two people who press the button.

use super::{
    chromium::{Browser, Chromium},
    steps::{COMPLETE, RESERVE, card},
};
use crate::harness::Stack;

#[tokio::test]
async fn two_browsers_race_for_the_last_seat() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let ticket = people[0].sell("Front row, seat 1", 1).await;
    let browsers = [
        Chromium::new().start(&stack).await,
        Chromium::new().start(&stack).await,
    ];
    for (browser, person) in browsers.iter().zip(&people[1..]) {
        browser.belongs_to(person).await;
        browser.opens_ticket(ticket.id).await;
        browser.sees("Still available").await;
        // Refused with words on the page that was asked.
        browser.may_say("status of 409");
    }
    let [one, other] = &browsers;
    tokio::join!(one.presses(RESERVE), other.presses(RESERVE));

    let (one_has_it, other_has_it) = tokio::join!(has_it(one), has_it(other));
    assert_ne!(one_has_it, other_has_it, "it is one person's");
    let (winner, loser) = if one_has_it { (one, other) } else { (other, one) };
    loser.sees("Nothing was reserved").await;
    loser.sees("Somebody else has it reserved.").await;
    winner.pays_with(card::GOOD).await;
    winner.sees_heading(COMPLETE).await;
    // And the loser's page says so by itself.
    loser.sees("All tickets have found their owners.").await;
    for browser in browsers {
        browser.ends().await;
    }
}

/// Waits until the outcome is on the page.
async fn has_it(browser: &Browser) -> bool {
    let mut has = false;
    browser
        .eventually("the race is decided", async || {
            has = browser.path().await.starts_with("/orders/");
            has || browser.reads("Nothing was reserved").await
        })
        .await;
    has
}
