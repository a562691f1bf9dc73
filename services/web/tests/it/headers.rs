//! What every answer says about itself.

use std::collections::HashSet;

use reqwest::{Method, header};
use serde_json::json;
use ticketing_testkit::eventually;

use crate::harness::{App, Builder, Page, StandIn, User, unique};

/// The policy's directives.
fn policy(page: &Page) -> Vec<(String, String)> {
    let policy = page.header("content-security-policy");
    let directives = policy.split(';').map(|directive| {
        let (name, sources) = directive.trim().split_once(' ').expect(policy);
        (name.to_owned(), sources.to_owned())
    });
    directives.collect()
}

fn directive(page: &Page, name: &str) -> String {
    let policy = policy(page);
    let found = policy.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

fn nonce(page: &Page) -> String {
    let scripts = directive(page, "script-src");
    let (_, rest) = scripts.split_once("'nonce-").expect(&scripts);
    rest.split('\'').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ours_runs() {
    let app = App::start();
    let user = User::new();
    let ticket = user.offers(&unique("Strict"), 3).await;
    let browser = app.browser_of(&user);
    let mut nonces = HashSet::new();
    for path in [
        "/".to_owned(),
        format!("/tickets/{}", ticket.id),
        format!("/selling/{}", ticket.id),
        "/orders".into(),
        "/selling".into(),
        "/tickets/new".into(),
        "/nothing".into(),
    ] {
        let page = browser.get(&path).await;
        for (name, sources) in policy(&page) {
            let foreign = sources.contains("unsafe") || sources.contains("http");
            assert!(!foreign, "{path}: {name} {sources}");
        }
        assert_eq!(directive(&page, "default-src"), "'self'");
        assert_eq!(directive(&page, "frame-ancestors"), "'none'");
        assert_eq!(directive(&page, "base-uri"), "'none'");
        assert_eq!(directive(&page, "form-action"), "'self'");
        assert_eq!(directive(&page, "object-src"), "'none'");
        assert!(nonces.insert(nonce(&page)), "{path}: a nonce comes again");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "private, no-cache");
        // Nothing in the page asks for more than it may.
        assert_eq!(page.attributes("[style]", "style"), Vec::<String>::new());
        let handlers = ["onclick", "onsubmit", "onload", "onchange", "hx-on"];
        for handler in handlers {
            assert!(!page.has(&format!("[{handler}]")), "{path}: {handler}");
        }
        for inline in page.attributes("script:not([src]), style", "nonce") {
            assert_eq!(inline, nonce(&page), "{path}");
        }
        let html = page.html();
        let inline = scraper::Selector::parse("script:not([src]), style").unwrap();
        assert!(
            html.select(&inline)
                .all(|element| element.value().attr("nonce").is_some()),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_pays_stripe_is_let_in_unless_it_is_simulated() {
    let user = User::new();
    let ticket = user.offers(&unique("Paid"), 3).await;
    let order = user.orders(ticket.id, 1).await;
    let path = format!("/orders/{}", order.id);
    let simulated = App::start().browser_of(&user).open(&path).await;
    assert!(!directive(&simulated, "script-src").contains("stripe.com"));
    let stripe = payments_of_stripe();
    let app = Builder::new().set("PAYMENTS_URL", &stripe.base).start();
    let page = app.browser_of(&user).open(&path).await;
    assert!(directive(&page, "script-src").contains("https://js.stripe.com"));
    assert!(directive(&page, "connect-src").contains("https://api.stripe.com"));
    assert!(directive(&page, "frame-src").contains("https://hooks.stripe.com"));
    let home = app.browser_of(&user).open("/").await;
    assert!(!home.header("content-security-policy").contains("stripe"));
}

/// A payments that is configured for Stripe itself; it never asks Stripe here.
fn payments_of_stripe() -> StandIn {
    StandIn::start(|path| match path {
        "/api/payments/config" => json!({
            "publishableKey": "pk_live_x",
            "stripeJs": "https://js.stripe.com/v3/",
            "simulated": false,
        }),
        _ => json!([]),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_is_counted() {
    let app = App::start();
    let before = app.metric("web_csp_reports_total").await;
    let report = r#"{"csp-report": {"effective-directive": "script-src-elem", "blocked-uri": "inline",
        "document-uri": "https://ticketing.dev/orders/7"}}"#;
    let browser = app.browser();
    let request = browser
        .request(Method::POST, "/csp-report")
        .header(header::CONTENT_TYPE, "application/csp-report")
        .body(report);
    assert_eq!(browser.send(request).await.status, 204);
    eventually("it is counted", async || {
        (app.metric("web_csp_reports_total").await > before).then_some(())
    })
    .await;
    for nonsense in ["", "{}", "[1]", &"x".repeat(200_000)] {
        let request = browser
            .request(Method::POST, "/csp-report")
            .header(header::CONTENT_TYPE, "application/csp-report")
            .body(nonsense.to_owned());
        let status = browser.send(request).await.status;
        assert!([204, 413].contains(&status), "{status}");
    }
}
