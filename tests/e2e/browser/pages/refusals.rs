//! What is not there, not one's own, or down.

use ticketing_testkit::eventually;

use crate::{
    browser::chromium::Chromium,
    harness::{Stack, finally},
};

#[tokio::test]
async fn nothing_there() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.may_say("status of 404");
    for path in [
        "/there-is-no-such-page",
        "/tickets/018bcfe5-687b-7000-8000-000000000001",
        "/tickets/no-uuid",
    ] {
        browser.opens(path).await;
        browser.sees_heading("There is nothing here").await;
        browser.sees_link("To the tickets").await;
    }
    browser.audited("not-found").await;
    browser.ends().await;
}

#[tokio::test]
async fn somebody_elses() {
    let stack = Stack::get();
    let people = stack.people(3).await;
    let ticket = people[0].sell("Not yours", 2).await;
    let order = people[1].gets(ticket.id, 1).await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&people[2]).await;
    browser.may_say("status of 403");
    browser.opens(&format!("/selling/{}", ticket.id)).await;
    browser.sees_heading("This is somebody else’s").await;
    browser.opens_order(order.id).await;
    browser.sees_heading("This is somebody else’s").await;
    browser.audited("forbidden").await;
    browser.ends().await;
}

/// A service that is away takes its part of a page with it, and no more.
#[tokio::test]
async fn a_part_is_down() {
    let stack = Stack::get();
    let person = stack.person().await;
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&person).await;
    browser.may_say("status of 503");
    let back = async || drop(stack.scaled("tickets", 1).await);
    let away = async {
        stack.scaled("tickets", 0).await;
        eventually("home says so", async || {
            browser.opens("/").await;
            let down = "The tickets can’t be shown at the moment";
            browser.reads(down).await.then_some(())
        })
        .await;
        browser.sees_button("Sign out").await;
        browser.audited("home-down").await;
        browser.opens("/orders").await;
        browser.sees("No orders yet").await;
        browser
            .opens("/tickets/018bcfe5-687b-7000-8000-000000000001")
            .await;
        browser.sees_heading("Not available at the moment").await;
        browser.audited("unavailable").await;
    };
    finally(away, back()).await;
    eventually("home has its offers again", async || {
        browser.opens("/").await;
        let down = browser.reads("can’t be shown").await;
        (!down).then_some(())
    })
    .await;
    browser.ends().await;
}

/// A fault of ours: nothing that anybody can do leads there.
#[tokio::test]
async fn something_is_broken() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.belongs_to(&stack.person().await).await;
    browser.opens("/orders").await;
    browser.sees("No orders yet").await;
    browser.is_given("failure-broken").await;
    browser.sees_heading("Something went wrong").await;
    browser.sees_link("Try again").await;
    browser.audited("broken").await;
    browser.ends().await;
}
