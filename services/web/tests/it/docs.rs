//! What programs can ask for.

use scraper::Selector;
use serde_json::Value;

use crate::harness::{App, Neighbours};

/// Each page shows a document that its service has.
#[tokio::test(flavor = "multi_thread")]
async fn every_service_is_described() {
    let app = App::start();
    let browser = app.browser();
    let neighbours = Neighbours::shared();
    for (api, service) in [
        ("tickets", &neighbours.tickets),
        ("orders", &neighbours.orders),
        ("payments", &neighbours.payments),
        ("users", &neighbours.auth),
    ] {
        let page = browser.open(&format!("/docs/{api}")).await;
        let html = page.html();
        let one = |selector| {
            let selector = Selector::parse(selector).unwrap();
            let found: Vec<_> = html.select(&selector).collect();
            assert_eq!(found.len(), 1, "{api}: {}", found.len());
            found[0]
        };
        let path = one("[data-document]").attr("data-document").unwrap();
        let current = one(".apis [aria-current]").attr("href");
        assert_eq!(current, Some(&*format!("/docs/{api}")));
        let answer = app.client.get(format!("{service}{path}")).send();
        let document: Value = answer.await.unwrap().json().await.unwrap();
        assert!(document["paths"].is_object(), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_them_and_no_other() {
    let browser = App::start().browser();
    let first = browser.open("/docs").await;
    assert!(first.body.contains("/api/tickets/openapi.json"));
    assert_eq!(browser.get("/docs/secrets").await.status, 404);
}
