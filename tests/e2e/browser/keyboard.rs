//! The mouse is broken. At each stop of the tab key the focus can be seen.

use reqwest::StatusCode;
use thirtyfour::Key;

use super::{
    chromium::Chromium,
    steps::{COMPLETE, RESERVE, card},
};
use crate::harness::{PASSWORD, Stack};

#[tokio::test]
async fn a_purchase_by_keys_alone() {
    let stack = Stack::get();
    let seller = stack.person().await;
    seller.sell("Xylophone, keys only", 3).await;
    let (email, _) = stack.sign_up("keys").await;
    let buyer = Chromium::new().start(&stack).await;

    buyer.opens("/auth/signin").await;
    buyer.tabs_to("Email").await;
    buyer.types(email.as_str()).await;
    buyer.tabs_to("Password").await;
    buyer.types(PASSWORD).await;
    buyer.types(Key::Enter).await;
    buyer.sees_button("Sign out").await;

    buyer.opens("/").await;
    buyer.tabs_to("Search").await;
    buyer.types("xylophone").await;
    buyer.types(Key::Enter).await;
    buyer.arrives_at("/?q=xylophone").await;
    buyer.tabs_to("Xylophone, keys only").await;
    buyer.types(Key::Enter).await;
    buyer.arrives_at("/tickets/").await;
    buyer.tabs_to(RESERVE).await;
    buyer.types(Key::Enter).await;
    buyer.arrives_at("/orders/").await;

    buyer.sees("Test payments").await;
    buyer.tabs_to("Card number").await;
    buyer.types(card::SECURED).await;
    buyer.tabs_to("Expiry").await;
    buyer.types("1234").await;
    buyer.tabs_to("Security code").await;
    buyer.types("123").await;
    buyer.tabs_to("Pay").await;
    buyer.types(Key::Enter).await;
    // The bank's question has the focus, on its first button.
    buyer.sees_heading("Confirm this payment").await;
    buyer.is_at("Approve").await;
    buyer.types(Key::Enter).await;
    // It is not lost with the form: what has come is where the reader is.
    buyer.is_at(COMPLETE).await;
    buyer.ends().await;
}

/// The buyer agreed in the bank's own application: the outcome is there before the question is closed.
#[tokio::test]
async fn the_focus_goes_on_when_the_bank_was_answered_elsewhere() {
    let stack = Stack::get();
    let people = stack.people(2).await;
    let ticket = people[0].sell("Psaltery, agreed elsewhere", 1).await;
    let order = people[1].gets(ticket.id, 1).await.id;
    let buyer = Chromium::new().start(&stack).await;
    buyer.belongs_to(&people[1]).await;
    buyer.opens_order(order).await;
    buyer.pays_with(card::SECURED).await;
    buyer.is_at("Approve").await;
    let simulator = stack.simulator();
    let intent = simulator.intent(order).await.unwrap();
    let agreed = simulator.authenticate(&intent.id, true).await;
    assert_eq!(agreed, StatusCode::OK);
    buyer.sees(COMPLETE).await;
    // It is no question any longer.
    buyer.may_say("status of 400");
    buyer.types(Key::Enter).await;
    buyer.is_at(COMPLETE).await;
    buyer.ends().await;
}

#[tokio::test]
async fn the_frame_can_be_skipped() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/").await;
    browser.types(Key::Tab).await;
    let first = browser.focus().await;
    assert_eq!(first["name"], "Skip to the content");
    assert_eq!(first["visible"], true);
    browser.types(Key::Enter).await;
    browser.types(Key::Tab).await;
    let inside = browser.runs("return document.activeElement.closest('main') !== null", []);
    assert_eq!(inside.await.unwrap(), true);
    browser.ends().await;
}
