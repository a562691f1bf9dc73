//! Pages in the visitor's language.

use crate::harness::{App, Browser, User, unique};

async fn tongue(browser: &Browser) -> String {
    let page = browser.open("/").await;
    page.attributes("html", "lang").concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_browser_prefers_until_somebody_chooses() {
    let app = App::start();
    assert_eq!(tongue(&app.browser()).await, "en");
    let browser = app.browser().reading("de-AT, en;q=0.5");
    assert_eq!(tongue(&browser).await, "de");
    let page = browser.open("/auth/signin?return_to=%2Forders").await;
    let form = page.form("/language").with("language", "en");
    let page = browser.submit(&form).await;
    assert_eq!(page.status, 303);
    assert_eq!(page.location(), "/auth/signin?return_to=%2Forders");
    assert_eq!(tongue(&browser).await, "en");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_can_be_chosen() {
    let browser = App::start().browser();
    let form = browser.open("/").await.form("/language");
    let page = browser.submit(&form.with("language", "tlh")).await;
    assert_eq!(page.status, 400);
    assert_eq!(browser.cookie("language"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_written_as_the_language_does() {
    let app = App::start();
    let ticket = User::new().offers(&unique("Money"), 3).await;
    let path = format!("/tickets/{}", ticket.id);
    let english = app.browser().open(&path).await;
    assert!(english.words().contains("$10.50"), "{}", english.words());
    let german = app.browser().reading("de").open(&path).await;
    assert!(german.words().contains("10,50 $"), "{}", german.words());
}
