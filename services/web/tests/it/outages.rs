//! A service that is away takes its part of a page with it, not the page.

use std::time::Duration;

use serde_json::Value;
use ticketing_messaging::connection::RedisSettings;
use ticketing_testkit::{engine::free_port, eventually};

use crate::harness::{App, Browser, Builder, Neighbours, Page, StandIn, User, unique};

async fn without(service: &str, user: Option<&User>, path: &str) -> Page {
    let app = Builder::new().without(service).start();
    browser(&app, user).get(path).await
}

fn browser(app: &App, user: Option<&User>) -> Browser {
    user.map_or_else(|| app.browser(), |user| app.browser_of(user))
}

#[tokio::test(flavor = "multi_thread")]
async fn home_without_tickets() {
    let page = without("tickets", None, "/").await;
    // Nobody should keep it, or take it for the home page.
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.has("form[action='/language']"), "{}", page.body);
    assert!(page.has("header a[href='/auth/signin']"), "{}", page.body);
    assert!(page.words().contains("can’t be shown"), "{}", page.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn home_without_the_others() {
    let title = unique("Standing");
    let user = User::new();
    user.offers(&title, 3).await;
    for service in ["orders", "payments"] {
        let page = without(service, Some(&user), "/").await;
        assert!(page.words().contains(&title), "{service}: {}", page.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_known_without_auth() {
    let title = unique("Anybody");
    let user = User::new();
    let ticket = user.offers(&title, 3).await;
    let app = Builder::new().without("auth").start();
    let browser = app.browser_of(&user);
    let page = browser.open("/").await;
    assert!(page.words().contains(&title), "{}", page.words());
    assert!(
        page.words().contains("Accounts can’t be reached"),
        "{}",
        page.words()
    );
    assert_eq!(
        browser
            .open(&format!("/tickets/{}", ticket.id))
            .await
            .status,
        200
    );
    // It is not said that nobody is signed in: that can't be told.
    let page = browser.get("/orders").await;
    assert_eq!(page.status, 503, "{}", page.body);
    // Whoever has no session has none.
    assert_eq!(app.browser().get("/orders").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_without_auth() {
    let app = Builder::new().without("auth").start();
    let browser = app.browser();
    let form = browser.open("/auth/signin").await.form("/auth/signin");
    let form = form.with("email", "ann@example.com");
    let page = browser
        .submit(&form.with("password", "correct horse"))
        .await;
    assert_eq!(page.status, 503, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_payments() {
    let user = User::new();
    let title = unique("Unpaid");
    let ticket = user.offers(&title, 3).await;
    let order = user.orders(ticket.id, 1).await;
    let page = without("payments", Some(&user), &format!("/orders/{}", order.id)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.words().contains(&title), "{}", page.words());
    assert!(
        page.words().contains("Payments can’t be reached"),
        "{}",
        page.words()
    );
    // The hold stays visible, and can be given back.
    assert!(page.has("time[datetime]"), "{}", page.body);
    assert!(page.has(&format!("form[action='/orders/{}/cancel']", order.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_pages_without_orders() {
    let user = User::new();
    let title = unique("Selling");
    let ticket = user.offers(&title, 3).await;
    let page = without("orders", Some(&user), "/selling").await;
    assert!(page.words().contains(&title), "{}", page.words());
    let page = without("orders", Some(&user), &format!("/selling/{}", ticket.id)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.words().contains(&title), "{}", page.words());
    assert!(page.words().contains("can’t be shown"), "{}", page.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_without_redis() {
    let title = unique("Still");
    let user = User::new();
    user.offers(&title, 3).await;
    let redis = RedisSettings {
        url: format!("redis://127.0.0.1:{}", free_port().unwrap()),
        ..Neighbours::shared().redis.clone()
    };
    let app = Builder::new().redis(redis).start();
    let page = app.browser_of(&user).open("/").await;
    assert!(page.words().contains(&title), "{}", page.words());
    let ready = format!("{}/health/ready", app.admin);
    let answer = app.client.get(ready).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("redis"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_late_are_used_at_once() {
    let user = User::new();
    let port = free_port().unwrap();
    let app = Builder::new()
        .set("AUTH_URL", format!("http://127.0.0.1:{port}"))
        .start();
    let browser = app.browser_of(&user);
    assert_eq!(browser.get("/orders").await.status, 503);
    let keys = format!(
        "{}/api/users/.well-known/jwks.json",
        Neighbours::shared().auth
    );
    let keys = app.client.get(keys).send().await.unwrap();
    let keys: Value = keys.json().await.unwrap();
    let _auth = StandIn::on(port, Duration::ZERO, move |_| keys.clone());
    eventually("the session is known", async || {
        let page = browser.get("/orders").await;
        (page.status == 200).then_some(())
    })
    .await;
}
