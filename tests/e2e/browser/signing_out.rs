//! Two tabs of one browser.

use super::chromium::Chromium;
use crate::harness::Stack;

#[tokio::test]
async fn signing_out_in_one_tab_is_seen_in_the_other() {
    let stack = Stack::get();
    let [seller, person] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Serpent and cornett", 2).await;
    person.gets(ticket.id, 1).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(person).await;
    browser.opens("/orders").await;
    browser.sees("Serpent and cornett").await;

    let first = browser.opens_a_tab().await;
    browser.opens("/").await;
    browser.presses("Sign out").await;
    browser.sees_link("Sign in").await;
    assert_eq!(browser.session().await, None);

    // What was theirs is off the other tab, without a touch of it.
    browser.turns_to(first).await;
    browser.sees_link("Sign in").await;
    browser.sees_no("Serpent and cornett").await;
    browser.ends().await;
}
