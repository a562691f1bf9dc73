//! Every page answers, for a visitor and for who is signed in.

use reqwest::Method;
use ticketing_contracts::order::OrderStatus;
use ticketing_testkit::eventually;

use crate::harness::{App, User, unique};

#[tokio::test(flavor = "multi_thread")]
async fn for_everybody() {
    let app = App::start();
    let title = unique("Everybody");
    let ticket = User::new().offers(&title, 12).await;
    let path = format!("/tickets/{}", ticket.id);
    let user = User::new();
    let anybody = ["/", &path];
    let visitors = ["/", "/auth/signin", "/auth/signup", &path];
    for (browser, paths) in [
        (app.browser(), &visitors[..]),
        (app.browser_of(&user), &anybody),
    ] {
        for path in paths {
            let page = browser.open(path).await;
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.texts("h1").len(), 1, "{path}");
            assert!(!page.title().is_empty());
            assert!(page.has("main"), "{path}");
            let described = page.attributes("meta[name=description]", "content");
            assert_eq!(described.len(), 1, "{path}");
        }
    }
    let page = app.browser().open(&path).await;
    assert!(page.words().contains("12 left"), "{}", page.words());
    assert!(page.words().contains("$10.50"), "{}", page.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_need_not_sign_in() {
    let browser = App::start().browser_of(&User::new());
    let page = browser.get("/auth/signin?return_to=%2Forders").await;
    assert_eq!((page.status, &*page.location()), (303, "/orders"));
}

/// A page that is open while its ticket is withdrawn says so in its place.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_says_so() {
    let browser = App::start().browser();
    let gone = "/tickets/018bcfe5-687b-7000-8000-000000000001";
    let part = browser.open(&format!("{gone}/offer")).await;
    assert!(part.words().contains("withdrawn"), "{}", part.words());
    assert_eq!(browser.get(gone).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_its_owner() {
    let app = App::start();
    let user = User::new();
    let title = unique("Owner");
    let ticket = user.offers(&title, 5).await;
    let order = user.orders(ticket.id, 2).await;
    let browser = app.browser_of(&user);
    for path in [
        "/orders".to_owned(),
        "/orders/list".into(),
        format!("/orders/{}", order.id),
        format!("/orders/{}/state", order.id),
        "/selling".into(),
        format!("/selling/{}", ticket.id),
        format!("/selling/{}/figures", ticket.id),
        format!("/tickets/{}/offer", ticket.id),
        format!("/selling/{}/edit", ticket.id),
    ] {
        let page = browser.open(&path).await;
        if !path.ends_with("figures") {
            assert!(page.body.contains(&title), "{path}: {}", page.body);
        }
        // A part of a page is no page.
        let part = ["list", "state", "figures", "offer"]
            .iter()
            .any(|end| path.ends_with(end));
        assert_eq!(page.body.contains("<html"), !part, "{path}");
    }
    assert!(browser.open("/").await.words().contains(&user.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_and_says_when_it_does_not() {
    let app = App::start();
    let title = unique("Searched");
    User::new().offers(&title, 3).await;
    let word = title.split(' ').nth(1).unwrap();
    let browser = app.browser();
    let found = browser.open(&format!("/?q={word}")).await;
    assert!(found.words().contains(&title), "{}", found.words());
    assert_eq!(found.attributes("input[name=q]", "value"), [word]);
    let none = browser.open("/?q=qqqqqqqq+zzzzzz").await;
    assert!(none.words().contains("Nothing found"), "{}", none.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn older_offers_are_on_further_pages() {
    let app = App::start();
    let seller = User::new();
    let word = unique("paged").replace(' ', "");
    for number in 0..52 {
        seller.offers(&format!("{word} no{number}"), 1).await;
    }
    let browser = app.browser();
    let first = browser.open(&format!("/?q={word}")).await;
    let next = first.attributes("a[rel=next]", "href");
    assert_eq!(next.len(), 1, "{}", first.body);
    let second = browser.open(&next[0]).await;
    assert!(second.words().contains(&format!("{word} no0")));
    assert!(!second.has("a[rel=next]"));
    assert!(second.has(&format!("main a[href='/?q={word}']")));
    let tickets = |page: &crate::harness::Page| page.texts("main a[href^='/tickets/0']").len();
    assert_eq!(tickets(&first) + tickets(&second), 52);
}

/// What a seller writes is text, wherever it stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_title_stays_text() {
    let app = App::start();
    let user = User::new();
    let hostile = unique(
        r#"</script><script>alert(1)</script><img src=x onerror=alert(2)>" onfocus="alert(3)" {{7*7}} '"#,
    );
    let ticket = user.offers(&hostile, 5).await;
    let order = user.orders(ticket.id, 1).await;
    let word = hostile.rsplit(' ').next().unwrap();
    let browser = app.browser_of(&user);
    for path in [
        format!("/?q={word}"),
        format!("/?q={word}%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        format!("/tickets/{}", ticket.id),
        format!("/tickets/{}/offer", ticket.id),
        format!("/orders/{}", order.id),
        format!("/orders/{}/state", order.id),
        "/orders".into(),
        "/selling".into(),
        format!("/selling/{}", ticket.id),
        format!("/selling/{}/figures", ticket.id),
        format!("/selling/{}/edit", ticket.id),
        "/nothing?<script>alert(1)</script>".into(),
    ] {
        let page = browser.get(&path).await;
        assert!(!page.has("[onerror], [onfocus]"), "{path}: {}", page.body);
        assert!(
            !page.body.contains("<script>alert"),
            "{path}: {}",
            page.body
        );
        let scripts = page.texts("script:not([type='application/ld+json'])");
        assert!(
            scripts.iter().all(|script| !script.contains("alert")),
            "{path}"
        );
        assert!(!page.body.contains("{{7*7}}") || page.words().contains("{{7*7}}"));
    }
    let page = browser.open(&format!("/tickets/{}", ticket.id)).await;
    assert_eq!(
        page.text("h1"),
        hostile.split_whitespace().collect::<Vec<_>>().join(" ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_bought_with_forms_alone() {
    let app = App::start();
    let (seller, buyer) = (User::new(), User::new());
    let title = unique("Bought");
    let ticket = seller.offers(&title, 5).await;
    let browser = app.browser_of(&buyer);
    let path = format!("/tickets/{}", ticket.id);
    let form = browser.open(&path).await.form(&format!("{path}/orders"));
    let page = browser.submit(&form.clone().with("quantity", "2")).await;
    assert_eq!(page.status, 303, "{}", page.body);
    // A second click is the same order.
    let again = browser.submit(&form.with("quantity", "2")).await;
    assert_eq!(again.location(), page.location());
    let page = browser.follow(&page).await;
    assert!(page.words().contains(&title), "{}", page.words());
    assert!(page.words().contains("$21.00"), "{}", page.words());
    assert!(page.words().contains("Test payments"), "{}", page.words());
    let action = page.attributes("form[action$='/cancel']", "action");
    let page = browser.submit_and_follow(&page.form(&action[0])).await;
    assert!(page.words().contains("Order cancelled"), "{}", page.words());
    let page = browser.open("/orders").await;
    assert!(page.words().contains("Cancelled"), "{}", page.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_becomes_a_ticket() {
    let app = App::start();
    let buyer = User::new();
    let title = unique("Paid");
    let ticket = User::new().offers(&title, 5).await;
    let order = buyer.orders(ticket.id, 2).await;
    let neighbours = crate::harness::Neighbours::shared();
    let paying = app
        .client
        .post(format!("{}/api/payments", neighbours.payments))
        .bearer_auth(&buyer.session)
        .json(&serde_json::json!({"orderId": order.id, "paymentMethodId": "pm_card_visa"}));
    assert_eq!(paying.send().await.unwrap().status(), 201);
    let browser = app.browser_of(&buyer);
    let page = browser.open(&format!("/orders/{}", order.id)).await;
    assert_eq!(page.text("h1"), "Your tickets");
    assert!(page.words().contains(&buyer.email), "{}", page.words());
    assert!(!page.has("form[action$='/cancel']"));
    assert_eq!(order.status, OrderStatus::Created);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_paid_in_time_is_over() {
    let app = App::start();
    let buyer = User::new();
    let ticket = User::new().offers(&unique("Over"), 1).await;
    let order = buyer.orders(ticket.id, 1).await;
    crate::harness::Neighbours::shared()
        .let_expire(order.id)
        .await;
    // Somebody else wants it, and gets it: that ends the hold.
    User::new().orders(ticket.id, 1).await;
    let browser = app.browser_of(&buyer);
    let page = eventually("it is over", async || {
        let page = browser.open(&format!("/orders/{}", order.id)).await;
        page.words().contains("expired").then_some(page)
    })
    .await;
    assert!(!page.has("#pay"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_puts_up_edits_and_takes_back() {
    let app = App::start();
    let browser = app.browser_of(&User::new());
    let (title, other) = (unique("Up"), unique("Changed"));
    let form = browser.open("/tickets/new").await.form("/tickets/new");
    let form = form.with("title", &title).with("price", "12.50");
    let page = browser.submit_and_follow(&form.with("capacity", "3")).await;
    assert!(page.words().contains(&title), "{}", page.words());
    let page = browser.open("/selling").await;
    let edit = page.attributes("main a[href$='/edit']", "href");
    let path = edit.first().expect("it can be edited").clone();
    let form = browser.open(&path).await.form(&path);
    assert_eq!(form.value("price"), "12.50");
    let page = browser.submit_and_follow(&form.with("title", &other)).await;
    assert!(page.words().contains(&other), "{}", page.words());
    let withdraw = path.replace("/edit", "/withdraw");
    let form = browser.open(&path).await.form(&withdraw);
    let page = browser.submit_and_follow(&form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!browser.open("/selling").await.words().contains(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reserved_is_neither_edited_nor_taken_back() {
    let app = App::start();
    let (seller, buyer) = (User::new(), User::new());
    let ticket = seller.offers(&unique("Reserved"), 1).await;
    buyer.orders(ticket.id, 1).await;
    let browser = app.browser_of(&seller);
    let path = format!("/selling/{}/edit", ticket.id);
    let page = browser.open(&path).await;
    let form = page.form(&path).with("price", "99");
    let refused = browser.submit(&form).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.has("[role=alert]"), "{}", refused.body);
    let form = page.form(&path.replace("/edit", "/withdraw"));
    let refused = browser.submit(&form).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_no_body() {
    let app = App::start();
    let browser = app.browser();
    let page = browser
        .send(browser.request(Method::HEAD, "/robots.txt"))
        .await;
    assert_eq!(page.body, "");
}
