//! `/tickets/new`, `/selling/{id}/edit`

use serde_json::json;

use crate::{browser::chromium::Chromium, harness::Stack};

#[tokio::test]
async fn a_new_one() {
    let stack = Stack::get();
    let person = stack.person().await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&person).await;
    browser.opens("/tickets/new").await;
    browser.audited("sell").await;
    browser.presses("Put on sale").await;
    browser.sees("A title of 1 to 200 characters").await;
    browser.audited("sell-wrong").await;
    browser.ends().await;
}

#[tokio::test]
async fn an_edit() {
    let stack = Stack::get();
    let people = stack.people(2).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&people[0]).await;
    browser.may_say("status of 409");
    let ticket = people[0].sell("Printing with Wood Type · Weekend course", 20);
    let ticket = ticket.await;
    let edit = format!("/selling/{}/edit", ticket.id);
    browser.opens(&edit).await;
    browser.audited("edit").await;
    let meanwhile =
        json!({"title": "Printing with Wood Type · Two days", "price": 140, "capacity": 20});
    people[0].edits(ticket.id, &meanwhile).await;
    browser.presses("Save").await;
    browser.sees("It was changed meanwhile").await;
    browser.audited("edit-stale").await;
    let seat = people[0].sell("La Traviata · Box 3", 1).await;
    browser.opens(&format!("/selling/{}/edit", seat.id)).await;
    people[1].gets(seat.id, 1).await;
    browser.presses("Save").await;
    browser
        .sees("A ticket that is reserved or sold can’t be edited.")
        .await;
    browser.audited("edit-reserved").await;
    browser.ends().await;
}
