//! `/tickets/{id}`

use serde_json::json;
use ticketing_contracts::api::tickets::Ticket;

use crate::{
    browser::{
        chromium::{Browser, Chromium, Kind},
        steps::RESERVE,
    },
    harness::{Person, Stack, expect},
};

/// A seller, and a buyer at their browser.
async fn people(stack: &Stack) -> (Person, Person, Browser) {
    let people = stack.people(2).await;
    let browser = Chromium::new().start(stack).await;
    browser.belongs_to(&people[1]).await;
    (people[0].clone(), people[1].clone(), browser)
}

#[tokio::test]
async fn to_be_had() {
    let stack = Stack::get();
    let (seller, buyer, browser) = people(&stack).await;
    let body = json!({
        "title": "The Lamplighters · Harbour Arena · Standing", "price": 64.5,
        "capacity": 12_000, "maxPerOrder": 8, "maxPerPerson": 16,
    });
    let many = put_up(&seller, &body).await;
    browser.opens_ticket(many.id).await;
    browser.sees("12,000 left").await;
    browser.audited("ticket").await;
    let one = seller.sell("The Tempest · Globe Yard · Stalls, row F, seat 12", 1);
    browser.opens_ticket(one.await.id).await;
    browser.sees("Still available").await;
    browser.audited("ticket-single").await;
    let few = seller.sell("Kintsugi · Repairing with gold", 16).await;
    buyer.gets(few.id, 14).await;
    browser.opens_ticket(few.id).await;
    browser.sees("Only 2 left").await;
    browser.audited("ticket-few").await;
    browser.ends().await;
}

/// Nobody is signed in yet: what comes next is said.
#[tokio::test]
async fn to_be_had_by_a_stranger() {
    let stack = Stack::get();
    let seller = stack.person().await;
    let ticket = seller.sell("Midnight Choir · Songs for a long winter", 40);
    let ticket = ticket.await;
    let browser = Chromium::new().start(&stack).await;
    browser.opens_ticket(ticket.id).await;
    browser.sees("Next: sign in").await;
    browser.audited("ticket-stranger").await;
    browser.ends().await;
}

#[tokio::test]
async fn sold_out() {
    let stack = Stack::get();
    let (seller, buyer, browser) = people(&stack).await;
    let ticket = seller.sell("Amara Okoye Quintet · Late set", 8).await;
    browser.opens_ticket(ticket.id).await;
    let order = buyer.gets(ticket.id, 8).await;
    browser.sees("Sold out for now").await;
    browser.sees("8 held, may come back in").await;
    // Nothing is asked that can't be had.
    assert!(!browser.has(Kind::Field, "Quantity").await);
    browser.sees_link("See what else is on sale").await;
    browser.audited("ticket-all-held").await;
    buyer.paid(order.id, "tok_visa").await;
    browser.sees("All tickets have found their owners.").await;
    browser.audited("ticket-sold-out").await;
    // The same for who comes now.
    browser.reloads().await;
    browser.sees("All tickets have found their owners.").await;
    browser.audited("ticket-sold-out-reloaded").await;
    browser.ends().await;
}

#[tokio::test]
async fn refused() {
    let stack = Stack::get();
    let (seller, _, browser) = people(&stack).await;
    browser.may_say("status of 409");
    let body =
        json!({"title": "Swan Lake, reimagined", "price": 39, "capacity": 9, "maxPerPerson": 2});
    let ticket = put_up(&seller, &body).await;
    browser.opens_ticket(ticket.id).await;
    browser.fills("Quantity", "2").await;
    browser.reserves().await;
    browser.opens_ticket(ticket.id).await;
    browser.presses(RESERVE).await;
    browser.sees("Nothing was reserved").await;
    browser
        .sees("At most 2 per person, and you have 2 already.")
        .await;
    browser.audited("ticket-refused").await;
    browser.ends().await;
}

#[tokio::test]
async fn ones_own() {
    let stack = Stack::get();
    let (_, person, browser) = people(&stack).await;
    let ticket = person.sell("La Traviata · Royal box, seat 1", 1).await;
    browser.opens_ticket(ticket.id).await;
    browser.sees("This is your offer").await;
    browser.audited("ticket-own").await;
    browser.ends().await;
}

/// While somebody looks at it. Who comes later finds nothing.
#[tokio::test]
async fn withdrawn() {
    let stack = Stack::get();
    let (seller, _, browser) = people(&stack).await;
    let ticket = seller.sell("Sunrise Paddle · Guided kayak tour", 5).await;
    browser.opens_ticket(ticket.id).await;
    seller.withdraws(ticket.id).await;
    browser.sees("This offer has been withdrawn").await;
    browser.audited("ticket-withdrawn").await;
    browser.ends().await;
}

async fn put_up(seller: &Person, body: &serde_json::Value) -> Ticket {
    let answer = seller.post("/api/tickets", body).await;
    let answer = expect(answer, reqwest::StatusCode::CREATED).await;
    answer.json().await.unwrap()
}
