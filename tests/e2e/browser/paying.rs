//! Cards that are not charged at once.

use ticketing_contracts::{ids::OrderId, order::OrderStatus};

use super::{
    chromium::{Browser, Chromium},
    steps::{COMPLETE, TIME_LEFT, card},
};
use crate::harness::{Person, Stack};

/// A buyer who looks at an order that is to be paid.
async fn about_to_pay(stack: &Stack) -> (Person, OrderId, Browser) {
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Madrigals by candlelight", 4).await;
    let order = buyer.gets(ticket.id, 1).await;
    let browser = Chromium::new().start(stack).await;
    browser.belongs_to(buyer).await;
    browser.opens_order(order.id).await;
    browser.sees(TIME_LEFT).await;
    browser.sees("Test payments").await;
    (buyer.clone(), order.id, browser)
}

#[tokio::test]
async fn declined_and_then_another_card() {
    let stack = Stack::get();
    let (person, order, buyer) = about_to_pay(&stack).await;
    // The answer to the payment.
    buyer.may_say("status of 402");
    buyer.pays_with(card::DECLINED).await;
    buyer.is_alerted("Your card was declined.").await;
    // Whoever comes back to it is told as well.
    buyer.reloads().await;
    buyer.sees("The payment did not go through").await;
    buyer.sees("Your card was declined.").await;
    buyer.sees("Nothing was charged").await;
    buyer.pays_with(card::WITHOUT_FUNDS).await;
    buyer.sees("Your card has insufficient funds.").await;
    buyer.sees(TIME_LEFT).await;
    assert_eq!(person.shows(order).await.status, OrderStatus::Created);

    buyer.pays_with(card::GOOD).await;
    buyer.sees_heading(COMPLETE).await;
    buyer.sees_no("did not go through").await;
    assert_eq!(stack.simulator().charges(order).await, 1);
    buyer.ends().await;
}

#[tokio::test]
async fn a_card_that_is_none_is_not_sent() {
    let stack = Stack::get();
    let (_, order, buyer) = about_to_pay(&stack).await;
    buyer.pays_with("4242424242424241").await;
    buyer.sees("Your card number is invalid.").await;
    buyer.sees(TIME_LEFT).await;
    assert!(stack.simulator().intent(order).await.is_none());
    buyer.fills("Card number", card::GOOD).await;
    buyer.presses("Pay").await;
    buyer.sees_heading(COMPLETE).await;
    buyer.ends().await;
}

#[tokio::test]
async fn the_bank_asks_and_the_buyer_agrees() {
    let stack = Stack::get();
    let (_, order, buyer) = about_to_pay(&stack).await;
    buyer.pays_with(card::SECURED).await;
    buyer.sees_heading("Confirm this payment").await;
    assert_eq!(stack.simulator().charges(order).await, 0);
    buyer.presses("Approve").await;
    buyer.sees_heading(COMPLETE).await;
    assert_eq!(stack.simulator().charges(order).await, 1);
    buyer.ends().await;
}

#[tokio::test]
async fn the_bank_asks_and_the_buyer_refuses() {
    let stack = Stack::get();
    let (_, order, buyer) = about_to_pay(&stack).await;
    buyer.may_say("status of 402");
    buyer.pays_with(card::SECURED).await;
    buyer.presses("Decline").await;
    buyer
        .is_alerted("We are unable to authenticate your payment method.")
        .await;
    assert_eq!(stack.simulator().charges(order).await, 0);
    buyer.reloads().await;
    buyer
        .sees("You did not confirm the payment with your bank.")
        .await;
    // Again, and this time they agree.
    buyer.pays_with(card::SECURED).await;
    buyer.presses("Approve").await;
    buyer.sees_heading(COMPLETE).await;
    buyer.ends().await;
}

/// The tab was closed at the bank's question; the page asks again.
#[tokio::test]
async fn the_banks_question_is_still_there_after_a_reload() {
    let stack = Stack::get();
    let (_, _, buyer) = about_to_pay(&stack).await;
    buyer.pays_with(card::SECURED).await;
    buyer.sees_heading("Confirm this payment").await;
    buyer.reloads().await;
    buyer
        .sees("Your bank wants you to confirm the payment")
        .await;
    buyer.presses("Confirm with the bank").await;
    buyer.presses("Approve").await;
    buyer.sees_heading(COMPLETE).await;
    buyer.ends().await;
}

/// Whoever wants it no longer gives it back at once.
#[tokio::test]
async fn cancelled_by_the_buyer() {
    let stack = Stack::get();
    let (person, order, buyer) = about_to_pay(&stack).await;
    buyer.presses("Cancel order").await;
    buyer.sees("Order cancelled").await;
    buyer.sees("Nothing was charged").await;
    assert_eq!(person.shows(order).await.status, OrderStatus::Cancelled);
    buyer.ends().await;
}
