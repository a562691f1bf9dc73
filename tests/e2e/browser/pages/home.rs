//! `/`

use crate::{browser::chromium::Chromium, harness::Stack};

/// With the demo's offers, which are what people see first.
#[tokio::test]
async fn first_sight() {
    let stack = Stack::get();
    stack.stack(&["demo"]);
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/").await;
    browser.sees_heading("Tickets while they last").await;
    browser.sees("left").await;
    browser.audited("home").await;
    // Who is signed in has other ways to go.
    browser.belongs_to(&stack.person().await).await;
    browser.reloads().await;
    browser.sees_button("Sign out").await;
    browser.audited("home-signed-in").await;
    browser.opens("/?q=museum").await;
    browser.sees_heading("Tickets for “museum”").await;
    browser.audited("home-found").await;
    browser.opens("/?q=thereisnosuchthing").await;
    browser.sees("Nothing found").await;
    browser.audited("home-nothing-found").await;
    browser.ends().await;
}

/// All pages of the list, by its own links.
#[tokio::test]
async fn further_offers() {
    let stack = Stack::get();
    let seller = stack.person().await;
    for number in 0..55 {
        seller.sell(&format!("Ocarina no. {number}"), 1).await;
    }
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/?q=ocarina").await;
    browser.sees("Ocarina no. 54").await;
    browser.follows("More offers").await;
    browser.sees("Ocarina no. 0").await;
    browser.sees_link("Back to the newest").await;
    browser.audited("home-second-page").await;
    browser.ends().await;
}

/// Before anybody has sold anything.
#[tokio::test]
async fn nothing_on_sale() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/").await;
    browser.is_given("home-empty").await;
    browser.sees_heading("Nothing is on sale right now").await;
    browser.audited("home-nothing-on-sale").await;
    browser.ends().await;
}
