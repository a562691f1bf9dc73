//! What web asks the services, and what it tells them.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use ticketing_testkit::{Consul, engine::free_port};

use crate::harness::{Builder, FORWARDED_TOKEN, StandIn, User};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_told_who_asks() {
    let orders = StandIn::start(|_| json!([]));
    let app = Builder::new()
        .set("ORDERS_URL", &orders.base)
        .set("TRUSTED_HOPS", "1")
        .start();
    let user = User::new();
    let browser = app.browser_of(&user);
    let request = browser
        .request(Method::GET, "/orders")
        .header("x-forwarded-for", "192.0.2.1, 198.51.100.1")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-token", FORWARDED_TOKEN)
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
    assert_eq!(browser.send(request).await.status, 200);
    let asked = orders.asked();
    let headers = &asked[0].headers;
    assert_eq!(headers["authorization"], format!("Bearer {}", user.session));
    // As many as it takes away for the proxies in front of Traefik, and one more.
    assert_eq!(headers["x-forwarded-for"], "192.0.2.1, 192.0.2.1");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-token"], FORWARDED_TOKEN);
    assert!(headers["traceparent"].contains(TRACE), "{headers:?}");
    assert!(!headers.contains_key("cookie"), "{headers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_say_from_where_it_comes() {
    let orders = StandIn::start(|_| json!([]));
    let app = Builder::new().set("ORDERS_URL", &orders.base).start();
    let browser = app.browser_of(&User::new());
    let request = browser
        .request(Method::GET, "/orders")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-token", "a guess");
    assert_eq!(browser.send(request).await.status, 200);
    let headers = &orders.asked()[0].headers;
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_same_for_everybody_is_asked_for_once() {
    let tickets = StandIn::on(0, Duration::from_millis(100), |_| json!([]));
    let app = Builder::new().set("TICKETS_URL", &tickets.base).start();
    let (one, other) = (app.browser(), app.browser_of(&User::new()));
    let pages = (0..50).map(|number| if number % 2 == 0 { &one } else { &other });
    for page in join_all(pages.map(|browser| browser.get("/"))).await {
        assert_eq!(page.status, 200);
    }
    // All within one answer and the time that it is shared for; some may have come later.
    let asked = tickets.asked();
    assert!(asked.len() <= 10, "{} for 50 pages", asked.len());
    assert!(asked.iter().all(|asked| asked.path == "/api/tickets"));
    let headers = &asked[0].headers;
    assert!(!headers.contains_key("authorization"), "it is nobody's own");
    // Another search is another question.
    one.get("/?q=rock").await;
    let last = tickets.asked().pop().unwrap();
    assert_eq!(last.path, "/api/tickets?q=rock");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_gone_costs_nobody_the_page() {
    let consul = Consul::start().unwrap();
    let orders = StandIn::start(|_| json!([]));
    let gone = free_port().unwrap();
    consul.register("orders", orders.port, "passing").unwrap();
    consul.register("orders", gone, "passing").unwrap();
    let app = Builder::new()
        .set("ORDERS_URL", "")
        .set("CONSUL_HTTP_ADDR", consul.address())
        .start();
    let browser = app.browser_of(&User::new());
    for _ in 0..6 {
        let page = browser.open("/orders").await;
        assert!(!page.words().contains("can’t be shown"), "{}", page.words());
    }
    assert_eq!(orders.asked().len(), 6);
}
