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
    let (winner, loser) = if one_has_it {
        (one, other)
    } else {
        (other, one)
    };
    winner.pays_with(card::GOOD).await;
    winner.sees_heading(COMPLETE).await;
    // And the loser's page says so by itself.
    loser.sees("All tickets have found their owners.").await;
    for browser in browsers {
        browser.ends().await;
    }
}

/// The page still shows it as free: it has no script that would tell it otherwise.
#[tokio::test]
async fn whoever_comes_second_is_told_so() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let ticket = people[0].sell("Front row, seat 2", 1).await;
    let late = Chromium::new().without_script().start(&stack).await;
    late.belongs_to(&people[2]).await;
    late.may_say("status of 409");
    late.opens_ticket(ticket.id).await;
    late.sees("Still available").await;
    let order = people[1].gets(ticket.id, 1).await;
    late.presses(RESERVE).await;
    late.sees("Nothing was reserved").await;
    late.sees("Somebody else has it reserved.").await;
    people[1].paid(order.id, "tok_visa").await;
    // The page is read from what tickets has heard of it.
    let sold = stack.shown(ticket.id, "sold", |shown| shown.sold == 1);
    sold.await;
    late.opens_ticket(ticket.id).await;
    late.sees("All tickets have found their owners.").await;
    late.ends().await;
}

/// Waits until the outcome is on the page.
async fn has_it(browser: &Browser) -> bool {
    let mut has = false;
    browser
        .eventually("the race is decided", async || {
            has = browser.path().await.starts_with("/orders/");
            // The answer to the press; or the other's was seen before it.
            has || browser.reads("Nothing was reserved").await
                || browser.reads("All held right now").await
        })
        .await;
    has
}
