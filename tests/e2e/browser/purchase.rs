//! The whole way, from two people without an account to a ticket in the hand.

use reqwest::header;
use ticketing_contracts::{api::orders::Order, order::OrderStatus};

use super::{
    chromium::{Browser, Chromium, Kind},
    steps::{COMPLETE, RESERVE, TIME_LEFT, card},
};
use crate::harness::Stack;

#[tokio::test]
async fn sign_up_sell_find_buy_print() {
    let stack = Stack::get();
    let seller = Chromium::new().start(&stack).await;
    seller.opens("/").await;
    seller.follows("Sign up").await;
    seller.creates_an_account("seller").await;
    seller.sees_button("Sign out").await;
    let title = "Harpsichord at noon, gallery";
    let ticket = seller.puts_up(title, "24.50", "5").await;
    seller.sees("0 of 5").await;

    let buyer = Chromium::new().start(&stack).await;
    buyer.opens("/").await;
    buyer.fills("Search", "harpsichord").await;
    buyer.presses("Search").await;
    buyer.follows(title).await;
    buyer.arrives_at(&format!("/tickets/{ticket}")).await;
    buyer.sees("5 left").await;
    buyer.fills("Quantity", "2").await;
    // Nobody yet: an account first, and right back.
    buyer.presses(RESERVE).await;
    buyer.arrives_at("/auth/").await;
    if buyer.path().await.starts_with("/auth/signin") {
        buyer.follows("Sign up").await;
    }
    buyer.creates_an_account("buyer").await;
    buyer.arrives_at(&format!("/tickets/{ticket}")).await;
    buyer.fills("Quantity", "2").await;
    let order = buyer.reserves().await;
    buyer.sees(TIME_LEFT).await;
    buyer.sees("$49.00").await;
    seller.sees("Held 2").await;

    buyer.pays_with(card::GOOD).await;
    buyer.sees_heading(COMPLETE).await;
    assert_eq!(stack.simulator().charges(order).await, 1);
    // It is theirs for good, and among their orders.
    buyer.reloads().await;
    buyer.sees_heading(COMPLETE).await;
    is_printed_as_a_ticket(&buyer, title).await;
    buyer.opens("/orders").await;
    buyer.sees(title).await;
    buyer.sees("Paid").await;

    // The seller has watched.
    seller.sees("2 of 5").await;
    seller.sees("$49.00").await;
    let session = format!("session={}", buyer.session().await.unwrap());
    let answer = stack
        .client
        .get(format!("{}/api/orders/{order}", stack.base))
        .header(header::COOKIE, session);
    let bought: Order = answer.send().await.unwrap().json().await.unwrap();
    assert_eq!(bought.status, OrderStatus::Complete);
    buyer.ends().await;
    seller.ends().await;
}

/// What gets one in, and nothing to press.
async fn is_printed_as_a_ticket(buyer: &Browser, title: &str) {
    assert!(buyer.has(Kind::Button, "Print").await);
    buyer.is_printed().await;
    buyer.sees(title).await;
    buyer.sees("Admit").await;
    for (kind, name) in [
        (Kind::Button, "Print"),
        (Kind::Button, "Sign out"),
        (Kind::Link, "My orders"),
        (Kind::Link, "Sell"),
    ] {
        assert!(!buyer.has(kind, name).await, "{name} is on paper");
    }
    assert_eq!(buyer.sheets().await, 1);
    buyer.is_on_screen().await;
}
