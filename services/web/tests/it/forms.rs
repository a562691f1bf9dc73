//! A form counts only when it was made here, for whoever sends it.

use reqwest::{Method, header};
use rstest::rstest;

use crate::harness::{App, Browser, Builder, Page, User, unique};

/// A form of each kind, as it is on the page of somebody who may send it.
async fn forms(app: &App, user: &User) -> Vec<(Browser, crate::harness::Form)> {
    let visitor = app.browser();
    let mut forms = Vec::new();
    for (page, action) in [
        ("/auth/signin", "/auth/signin"),
        ("/auth/signup", "/auth/signup"),
        ("/", "/language"),
    ] {
        let form = visitor.open(page).await.form(action);
        forms.push((visitor.clone(), form));
    }
    let ticket = user.offers(&unique("Form"), 5).await;
    let order = user.orders(ticket.id, 1).await;
    let owner = app.browser_of(user);
    for (page, action) in [
        ("/".to_owned(), "/auth/signout".to_owned()),
        ("/tickets/new".into(), "/tickets/new".into()),
        (
            format!("/tickets/{}", ticket.id),
            format!("/tickets/{}/orders", ticket.id),
        ),
        (
            format!("/orders/{}", order.id),
            format!("/orders/{}/cancel", order.id),
        ),
        (
            format!("/selling/{}/edit", ticket.id),
            format!("/selling/{}/edit", ticket.id),
        ),
        (
            format!("/selling/{}/edit", ticket.id),
            format!("/selling/{}/withdraw", ticket.id),
        ),
    ] {
        let form = owner.open(&page).await.form(&action);
        forms.push((owner.clone(), form));
    }
    forms
}

fn refused(page: &Page, action: &str) {
    assert_eq!(page.status, 403, "{action}: {}", page.body);
    assert!(
        page.title().contains("This form is out of date"),
        "{action}: {}",
        page.title()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_taken_without_its_token() {
    let app = App::start();
    for (browser, form) in forms(&app, &User::new()).await {
        for forged in [
            form.clone().without("csrf"),
            form.clone().with("csrf", ""),
            form.clone()
                .with("csrf", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ] {
            refused(&browser.submit(&forged).await, &form.action);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_taken_with_anothers_token() {
    let app = App::start();
    let strangers = [app.browser(), app.browser_of(&User::new())];
    let mut tokens = Vec::new();
    for stranger in &strangers {
        let page = stranger.open("/").await;
        tokens.push(page.form("/language").value("csrf").to_owned());
    }
    for (browser, form) in forms(&app, &User::new()).await {
        for token in &tokens {
            let forged = form.clone().with("csrf", token);
            refused(&browser.submit(&forged).await, &form.action);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_session() {
    let app = App::start();
    let (ann, bob) = (User::new(), User::new());
    let browser = app.browser_of(&ann);
    let form = browser.open("/tickets/new").await.form("/tickets/new");
    let form = form.with("title", "Row 7").with("price", "10.50");
    browser.set_cookie("session", &bob.session);
    refused(&browser.submit(&form).await, "/tickets/new");
    browser.forget("session");
    let page = browser.submit(&form).await;
    // Nobody is sent to sign in with a form of somebody else in hand, or is.
    assert!([303, 403].contains(&page.status), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_instance_takes_it() {
    let (one, other) = (App::start(), App::start());
    let browser = one.browser();
    let form = browser.open("/").await.form("/language");
    let there = other.browser();
    there.set_cookie("visit", &browser.cookie("visit").unwrap());
    let page = there.submit(&form.with("language", "de")).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[rstest]
#[case::another_site(&[("sec-fetch-site", "cross-site")])]
#[case::a_sibling(&[("sec-fetch-site", "same-site"), ("origin", "https://evil.ticketing.dev")])]
#[case::an_old_browser(&[("origin", "https://evil.example")])]
#[case::a_sandbox(&[("origin", "null")])]
#[tokio::test(flavor = "multi_thread")]
async fn none_is_taken_from_another_site(#[case] headers: &[(&str, &str)]) {
    let app = App::start();
    let browser = app.browser_of(&User::new());
    let form = browser.open("/").await.form("/language");
    let mut request = browser.request(Method::POST, "/language");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let form = form.with("language", "de");
    let page = browser.send(form.fill(request)).await;
    assert_eq!(page.status, 403, "{}", page.body);
    // It may be a person who sees it.
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{}",
        page.body
    );
    assert!(page.title().contains("somebody else"), "{}", page.title());
    assert_eq!(browser.cookie("language"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_browser_of_our_own_is_taken() {
    let app = App::start();
    let browser = app.browser();
    let form = browser.open("/").await.form("/language");
    let request = browser
        .request(Method::POST, "/language")
        .header(header::ORIGIN, &app.base);
    let form = form.with("language", "de");
    let page = browser.send(form.fill(request)).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_forms_of_a_forms_size_are_read() {
    let app = Builder::new().start();
    let browser = app.browser();
    let form = browser.open("/auth/signin").await.form("/auth/signin");
    let huge = form.clone().with("email", &"a".repeat(20_000));
    assert_eq!(browser.submit(&huge).await.status, 413);
    let request = browser
        .request(Method::POST, "/auth/signin")
        .header(header::CONTENT_TYPE, "application/json")
        .body("{}");
    assert_eq!(browser.send(request).await.status, 415);
    let request = browser
        .request(Method::POST, "/auth/signin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("csrf=%");
    assert_eq!(browser.send(request).await.status, 403);
}
