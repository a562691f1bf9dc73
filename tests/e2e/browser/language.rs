//! German, for whoever's browser asks for it or who chooses it.

use serde_json::json;

use super::chromium::{Browser, Chromium};
use crate::harness::Stack;

async fn speaks(browser: &Browser, language: &str) {
    let script = "return document.documentElement.lang";
    assert_eq!(browser.runs(script, []).await.unwrap(), json!(language));
}

#[tokio::test]
async fn a_german_browser_gets_german() {
    let stack = Stack::get();
    let seller = stack.person().await;
    let ticket = seller.sell("Schrammelmusik im Hof", 1200).await;
    let browser = Chromium::new().speaking("de-AT,de").start(&stack).await;
    browser.opens("/").await;
    speaks(&browser, "de").await;
    browser.sees("Tickets, solange sie da sind").await;
    browser.opens_ticket(ticket.id).await;
    // Grouped and written as German has it.
    browser.sees("Noch 1.200 da").await;
    browser.sees("10,50").await;
    browser.audited("ticket-german").await;

    // English all the same, and it stays so.
    browser.presses("English").await;
    browser.sees("1,200 left").await;
    speaks(&browser, "en").await;
    assert!(
        browser
            .path()
            .await
            .starts_with(&format!("/tickets/{}", ticket.id))
    );
    browser.opens("/").await;
    speaks(&browser, "en").await;
    browser.ends().await;
}

/// What comes later is in the language of the page that it comes to.
#[tokio::test]
async fn live_updates_speak_the_pages_language() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Zither und Hackbrett", 9).await;
    let [german, english] = [
        Chromium::new().speaking("de").start(&stack).await,
        Chromium::new().start(&stack).await,
    ];
    german.opens_ticket(ticket.id).await;
    english.opens_ticket(ticket.id).await;
    german.sees("Noch 9 da").await;
    english.sees("9 left").await;
    buyer.gets(ticket.id, 2).await;
    german.sees("Noch 7 da").await;
    english.sees("7 left").await;
    german.ends().await;
    english.ends().await;
}
