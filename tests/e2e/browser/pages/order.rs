//! `/orders/{id}`

use reqwest::StatusCode;
use ticketing_contracts::api::orders::Order;

use crate::{
    browser::{
        chromium::{Browser, Chromium},
        steps::{COMPLETE, TIME_IS_UP, TIME_LEFT, card},
    },
    harness::{Fault, Person, Stack, expect},
};

/// A buyer at the page of an order that is to be paid.
async fn held(stack: &Stack, title: &str) -> (Person, Order, Browser) {
    let people = stack.people(2).await;
    let ticket = people[0].sell(title, 12).await;
    let order = people[1].gets(ticket.id, 2).await;
    let browser = Chromium::new().start(stack).await;
    browser.belongs_to(&people[1]).await;
    browser.opens_order(order.id).await;
    (people[1].clone(), order, browser)
}

#[tokio::test]
async fn to_be_paid() {
    let stack = Stack::get();
    let (_, _, browser) = held(&stack, "Mahler: Symphony No. 2 · City Philharmonic").await;
    browser.may_say("status of 402");
    browser.sees(TIME_LEFT).await;
    browser.sees("Card number").await;
    browser.audited("order").await;
    browser.presses("Pay").await;
    browser.sees("Enter your card number.").await;
    browser.audited("order-no-card").await;
    browser.pays_with(card::DECLINED).await;
    browser.sees("Your card was declined.").await;
    browser.audited("order-declined").await;
    browser.reloads().await;
    browser.sees("Your card was declined.").await;
    browser.sees("Card number").await;
    browser.audited("order-declined-reloaded").await;
    browser.ends().await;
}

#[tokio::test]
async fn to_be_confirmed_with_the_bank() {
    let stack = Stack::get();
    let (_, _, browser) = held(&stack, "Candlelight: Bach cello suites").await;
    browser.may_say("status of 402");
    browser.pays_with(card::SECURED).await;
    browser.sees_heading("Confirm this payment").await;
    browser.audited("order-bank-asks").await;
    browser.reloads().await;
    browser
        .sees("Your bank wants you to confirm the payment")
        .await;
    browser.audited("order-bank-waits").await;
    browser.presses("Confirm with the bank").await;
    browser.presses("Decline").await;
    browser.is_alerted("We are unable to authenticate").await;
    browser.audited("order-not-confirmed").await;
    browser.ends().await;
}

/// Stripe does not answer.
#[tokio::test]
async fn under_way() {
    let stack = Stack::get();
    let (person, order, browser) = held(&stack, "Astronomers on Stage").await;
    browser.sees("Card number").await;
    let slow = Fault {
        seconds: 8,
        ..Fault::confirming(order.id, "hang-before")
    };
    stack
        .simulator()
        .with_faults(slow.once(), async || {
            browser.pays_with(card::GOOD).await;
            browser.sees("Your payment is under way").await;
            browser.audited("order-under-way").await;
            browser.sees_heading(COMPLETE).await;
        })
        .await;
    person.sees_complete(order.id).await;
    browser.ends().await;
}

#[tokio::test]
async fn complete() {
    let stack = Stack::get();
    let (_, _, browser) = held(&stack, "Northern Lights Festival · Three-day pass").await;
    browser.pays_with(card::GOOD).await;
    browser.sees_heading(COMPLETE).await;
    browser.audited("order-complete").await;
    browser.reloads().await;
    browser.sees_heading(COMPLETE).await;
    browser.audited("order-complete-reloaded").await;
    browser.is_printed().await;
    browser.is_pictured("order-printed").await;
    browser.is_on_screen().await;
    browser.ends().await;
}

#[tokio::test]
async fn cancelled() {
    let stack = Stack::get();
    let (_, _, browser) = held(&stack, "Old Town by Lantern · Ghost walk").await;
    browser.presses("Cancel order").await;
    browser.sees("Order cancelled").await;
    browser.audited("order-cancelled").await;
    browser.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired() {
    let stack = Stack::get();
    stack
        .with_settings("orders", &[("HOLD", "5s")], async || {
            let (_, _, browser) = held(&stack, "Night of the Sprinters · Velodrome").await;
            browser.sees_heading(TIME_IS_UP).await;
            browser.audited("order-expired").await;
            browser.reloads().await;
            browser.sees_heading(TIME_IS_UP).await;
            browser.audited("order-expired-reloaded").await;
            browser.ends().await;
        })
        .await;
}

/// Another card is charged behind the page's back, and the order is cancelled before anybody hears of it.
#[tokio::test]
async fn refunded() {
    let stack = Stack::get();
    let (person, order, browser) = held(&stack, "Twelve Angry Women · Playhouse").await;
    let simulator = stack.simulator();
    simulator
        .with_faults(serde_json::json!({"webhooks": false}), async || {
            let declined = person.pays(order.id, "tok_chargeDeclined").await;
            expect(declined, StatusCode::PAYMENT_REQUIRED).await;
            let intent = simulator.intent(order.id).await.unwrap();
            simulator.confirm(&intent.id, "pm_card_visa").await;
            assert_eq!(person.cancels(order.id).await, StatusCode::NO_CONTENT);
            person.sees_refunded(order.id).await;
        })
        .await;
    browser.sees("You have your money back").await;
    browser.audited("order-refunded").await;
    browser.ends().await;
}

/// When the page is told of a payment.
const NOTES_WHEN_TOLD: &str = "
    const state = document.getElementById('order-state');
    state.addEventListener(/sse:order-\\S+(?=,)/.exec(state.getAttribute('hx-trigger'))[0], ({ detail }) => {
        if (JSON.parse(detail.data).payment) window.told ??= performance.now();
    });";

/// Whether it has been answered since; it asks as soon as it is told.
const HAS_ASKED_SINCE: &str = "
    const since = ({ name, startTime, responseEnd }) =>
        name.endsWith('/state') && startTime > window.told - 10 && responseEnd > 0;
    return performance.getEntriesByType('resource').some(since);";

/// The page hears of a payment's failure before orders does, and shows it as soon as orders knows.
#[tokio::test]
async fn a_decline_that_orders_hears_of_late() {
    let stack = Stack::get();
    let (person, order, browser) = held(&stack, "Salt and Silence · Chamber opera").await;
    browser.sees("Card number").await;
    browser.stays().await;
    browser.runs(NOTES_WHEN_TOLD, []).await.unwrap();
    let mut books = stack.superuser().await;
    let locking = books.transaction().await.unwrap();
    let lock = "LOCK TABLE orders.order_payment IN EXCLUSIVE MODE";
    locking.batch_execute(lock).await.unwrap();
    let declined = person.pays(order.id, "tok_chargeDeclined").await;
    expect(declined, StatusCode::PAYMENT_REQUIRED).await;
    browser
        .eventually("the page has asked too early", async || {
            let asked = browser.runs(HAS_ASKED_SINCE, []).await;
            asked.is_ok_and(|asked| asked == true)
        })
        .await;
    browser.sees_no("The payment did not go through").await;
    locking.rollback().await.unwrap();
    browser.sees("The payment did not go through").await;
    assert!(browser.stayed().await);
    browser.ends().await;
}
