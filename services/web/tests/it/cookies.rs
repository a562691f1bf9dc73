//! What a browser is given to keep.

use reqwest::{Method, header};

use crate::harness::{App, FORWARDED_TOKEN, User, unique};

fn set_cookies(page: &crate::harness::Page) -> Vec<String> {
    let all = page.headers.get_all(header::SET_COOKIE);
    all.iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_gets_one_that_says_nothing_and_keeps_it() {
    let browser = App::start().browser();
    let first = set_cookies(&browser.open("/").await);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].starts_with("visit="), "{first:?}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(first[0].contains(attribute), "{first:?}");
    }
    assert!(!first[0].contains("Secure"), "{first:?}");
    let kept = browser.cookie("visit");
    assert_eq!(set_cookies(&browser.open("/").await), Vec::<String>::new());
    assert_eq!(browser.cookie("visit"), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_needs_none() {
    let browser = App::start().browser_of(&User::new());
    assert_eq!(set_cookies(&browser.open("/").await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_they_are_secure() {
    let app = App::start();
    let browser = app.browser();
    // As Traefik forwards it.
    let forwarded = |request: reqwest::RequestBuilder| {
        request
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", "192.0.2.1")
            .header("x-forwarded-token", FORWARDED_TOKEN)
    };
    let page = browser
        .send(forwarded(browser.request(Method::GET, "/auth/signup")))
        .await;
    let cookies = set_cookies(&page);
    assert!(cookies[0].contains("Secure"), "{cookies:?}");
    let email = format!("{}@example.com", unique("secure").replace(' ', "."));
    let form = page.form("/auth/signup").with("email", &email);
    let form = form.with("password", "correct horse");
    let request = browser.request(Method::POST, "/auth/signup");
    let page = browser.send(form.fill(forwarded(request))).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let cookies = set_cookies(&page);
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("session="))
        .expect("a session");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age"] {
        assert!(session.contains(attribute), "{session}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_takes_the_session_away() {
    let browser = App::start().browser_of(&User::new());
    let form = browser.open("/orders").await.form("/auth/signout");
    let page = browser.submit(&form).await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(browser.cookie("session"), None);
    assert_eq!(browser.get("/orders").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_none_is_nobodys() {
    let app = App::start();
    let user = User::new();
    for broken in [
        "nonsense".to_owned(),
        format!("{}x", user.session),
        user.session[..user.session.len() - 8].to_owned(),
    ] {
        let browser = app.browser();
        browser.set_cookie("session", &broken);
        let page = browser.open("/").await;
        assert!(!page.words().contains(&user.email));
        assert_eq!(browser.get("/orders").await.status, 303);
        // A form of whoever has it still works: signing in is what is needed.
        let form = page.form("/language").with("language", "de");
        assert_eq!(browser.submit(&form).await.status, 303);
    }
}
