//! What went wrong, as a page.

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;
use ticketing_contracts::api::problem::ProblemBody;

use crate::harness::{App, Builder, StandIn, User, unique};

#[rstest]
#[case("/nothing")]
#[case("/tickets/7")]
#[case("/tickets/018bcfe5-687b-7000-8000-000000000001")]
#[case("/orders/018bcfe5-687b-7000-8000-000000000001")]
#[case("/orders/7")]
#[case("/selling/018bcfe5-687b-7000-8000-000000000001")]
#[case("/selling/018bcfe5-687b-7000-8000-000000000001/edit")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there(#[case] path: &str) {
    let browser = App::start().browser_of(&User::new());
    let page = browser.get(path).await;
    assert_eq!(page.status, 404, "{}", page.body);
    assert!(page.title().contains("nothing here"), "{}", page.title());
    assert!(page.has("main a[href='/']"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_visitors_language() {
    let page = App::start().browser().reading("de").get("/nothing").await;
    assert_eq!(page.attributes("html", "lang"), ["de"]);
    assert!(page.title().contains("Hier ist nichts"), "{}", page.title());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_number_that_the_logs_know_it_by() {
    let browser = Builder::new().without("tickets").start().browser();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for (path, status, told) in [
        ("/tickets/018bcfe5-687b-7000-8000-000000000001", 503, true),
        // Nobody has to look into that.
        ("/nothing", 404, false),
    ] {
        let request = browser
            .request(Method::GET, path)
            .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
        let page = browser.send(request).await;
        assert_eq!(page.status, status, "{}", page.body);
        assert_eq!(page.words().contains(trace), told, "{}", page.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_not_there_either() {
    let browser = App::start().browser();
    for (method, path) in [(Method::DELETE, "/"), (Method::PUT, "/orders")] {
        let page = browser.send(browser.request(method, path)).await;
        assert!([404, 405].contains(&page.status), "{}", page.status);
        assert!(page.header("content-type").starts_with("text/html"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_as_every_service_tells_it() {
    let browser = App::start().browser();
    for path in ["/api", "/api/nothing", "/api/nothing/at/all"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 404);
        assert_eq!(page.header("content-type"), "application/problem+json");
        let problem: ProblemBody = serde_json::from_str(&page.body).unwrap();
        assert_eq!(problem.errors[0].message, "Not found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses() {
    let (seller, other) = (User::new(), User::new());
    let ticket = seller.offers(&unique("Mine"), 3).await;
    let order = seller.orders(ticket.id, 1).await;
    let browser = App::start().browser_of(&other);
    for path in [
        format!("/orders/{}", order.id),
        format!("/orders/{}/state", order.id),
        format!("/selling/{}", ticket.id),
        format!("/selling/{}/edit", ticket.id),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 403, "{path}: {}", page.body);
        assert!(page.title().contains("somebody else"), "{}", page.title());
        assert!(!page.body.contains(&seller.email));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_nothing_without_a_service() {
    let user = User::new();
    let ticket = user.offers(&unique("Away"), 3).await;
    let order = user.orders(ticket.id, 1).await;
    for (service, path) in [
        ("tickets", format!("/tickets/{}", ticket.id)),
        ("orders", format!("/orders/{}", order.id)),
    ] {
        let app = Builder::new().without(service).start();
        let page = app.browser_of(&user).get(&path).await;
        assert_eq!(page.status, 503, "{service}: {}", page.body);
        assert!(page.header("retry-after").parse::<u32>().unwrap() > 0);
        assert!(page.title().contains("Not available"), "{}", page.title());
        // Nothing internal is told.
        for word in ["127.0.0.1", "error", "connect"] {
            assert!(!page.words().contains(word), "{}", page.words());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_answers_nonsense_is_away() {
    let tickets = StandIn::start(|_| Value::Null);
    let app = Builder::new().set("TICKETS_URL", &tickets.base).start();
    let page = app
        .browser()
        .get("/tickets/018bcfe5-687b-7000-8000-000000000001")
        .await;
    assert_eq!(page.status, 503, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_no_page_has() {
    let browser = App::start().browser();
    for path in ["/?cursor=nonsense", "/?q=%ff", "/?q=a&q=b"] {
        let page = browser.get(path).await;
        assert!([200, 400].contains(&page.status), "{path}: {}", page.status);
    }
}
