//! What search engines and whoever shares a page are told.

use serde_json::Value;

use crate::harness::{App, Builder, PUBLIC_URL, User, unique};

#[tokio::test(flavor = "multi_thread")]
async fn every_ticket_is_in_the_site_map() {
    let ticket = User::new().offers(&unique("Mapped"), 3).await;
    let page = App::start().browser().open("/sitemap.xml").await;
    assert_eq!(
        page.header("content-type"),
        "application/xml; charset=utf-8"
    );
    assert!(page.body.starts_with("<?xml"), "{}", page.body);
    let address = format!("<loc>{PUBLIC_URL}/tickets/{}</loc>", ticket.id);
    assert!(page.body.contains(&address), "{}", page.body);
    assert!(page.body.contains(&format!("<loc>{PUBLIC_URL}/</loc>")));
    let entries = page.body.matches("<url>").count();
    assert_eq!(entries, page.body.matches("<loc>").count());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_map_is_not_there_without_tickets() {
    let app = Builder::new().without("tickets").start();
    let page = app.browser().get("/sitemap.xml").await;
    assert_eq!(page.status, 503, "half a map is worse than none");
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_find_the_map_and_nobodys_own() {
    let page = App::start().browser().open("/robots.txt").await;
    assert_eq!(page.header("content-type"), "text/plain; charset=utf-8");
    assert!(
        page.body
            .contains(&format!("Sitemap: {PUBLIC_URL}/sitemap.xml")),
        "{}",
        page.body
    );
    for path in ["/api/", "/orders", "/selling", "/auth/"] {
        assert!(page.body.contains(&format!("Disallow: {path}\n")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_describes_itself() {
    let title = unique("Described <b>&\"");
    let ticket = User::new().offers(&title, 3).await;
    let browser = App::start().browser();
    let path = format!("/tickets/{}", ticket.id);
    let page = browser.open(&format!("{path}?from=a+friend")).await;
    let address = format!("{PUBLIC_URL}{path}");
    assert!(page.title().contains(&title), "{}", page.title());
    assert_eq!(page.attributes("link[rel=canonical]", "href"), [&*address]);
    let meta = |name: &str| page.attributes(&format!("meta[property='og:{name}']"), "content");
    assert_eq!(meta("url"), [&*address]);
    assert_eq!(meta("title"), [&*title]);
    let described = page.attributes("meta[name=description]", "content");
    assert!(described.concat().contains("$10.50"), "{described:?}");
    assert_eq!(meta("description"), described);
    let json_ld = page.texts("script[type='application/ld+json']").concat();
    let json_ld: Value = serde_json::from_str(&json_ld).expect(&json_ld);
    assert_eq!(json_ld["@type"], "Event");
    assert_eq!(json_ld["name"], *title);
    assert_eq!(json_ld["offers"]["price"], "10.5");
    assert_eq!(json_ld["offers"]["priceCurrency"], "USD");
    assert_eq!(
        json_ld["offers"]["availability"],
        "https://schema.org/InStock"
    );
    assert_eq!(json_ld["offers"]["url"], *address);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_out_says_so() {
    let (seller, buyer) = (User::new(), User::new());
    let ticket = seller.offers(&unique("Gone"), 1).await;
    buyer.orders(ticket.id, 1).await;
    let browser = App::start().browser();
    let path = format!("/tickets/{}", ticket.id);
    // tickets hears of it by an event.
    ticketing_testkit::eventually("the page says so", async || {
        let page = browser.open(&path).await;
        let json_ld = page.texts("script[type='application/ld+json']").concat();
        json_ld.contains("https://schema.org/SoldOut").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebodys_own_is_not_to_be_found() {
    let user = User::new();
    let browser = App::start().browser_of(&user);
    for path in ["/orders", "/selling", "/tickets/new", "/nothing"] {
        let page = browser.get(path).await;
        let robots = page.attributes("meta[name=robots]", "content");
        assert_eq!(robots, ["noindex"], "{path}");
    }
    assert!(!browser.open("/").await.has("meta[name=robots]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_has_no_address_of_its_own() {
    let page = App::start().browser().open("/?q=rock").await;
    let canonical = page.attributes("link[rel=canonical]", "href");
    assert_eq!(canonical, [format!("{PUBLIC_URL}/")]);
}
