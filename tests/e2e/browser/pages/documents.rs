//! `/docs`

use crate::{browser::chromium::Chromium, harness::Stack};

#[tokio::test]
async fn every_services_interface() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/docs").await;
    for (api, route) in [
        ("tickets", "/api/tickets/{id}"),
        ("orders", "/api/orders/sales"),
        ("payments", "/api/payments/config"),
        ("users", "/api/users/signup"),
    ] {
        browser.follows(&format!("/api/{api}")).await;
        browser.arrives_at(&format!("/docs/{api}")).await;
        browser.sees(route).await;
        browser.audited(&format!("docs-{api}")).await;
    }
    browser.ends().await;
}
