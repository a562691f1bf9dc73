//! After signing in, back to where one was; never to somewhere else.

use rstest::rstest;

use crate::harness::{App, User, unique};

#[rstest]
#[case("/orders")]
#[case("/selling")]
#[case("/tickets/new")]
#[case("/orders/018bcfe5-687b-7000-8000-000000000001")]
#[case("/selling/018bcfe5-687b-7000-8000-000000000001")]
#[case("/selling/018bcfe5-687b-7000-8000-000000000001/edit")]
#[case("/orders?cursor=a%26b")]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_needs_a_session_asks_for_one(#[case] path: &str) {
    let browser = App::start().browser();
    let page = browser.get(path).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let page = browser.follow(&page).await;
    assert_eq!(page.form("/auth/signin").value("return_to"), path);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_leads_back() {
    let browser = App::start().browser();
    let page = browser.get("/selling").await;
    let page = browser.follow(&page).await;
    let other = page.attributes("main a[href^='/auth/signup']", "href");
    let page = browser.open(&other[0]).await;
    let email = format!("{}@example.com", unique("new").replace(' ', "."));
    let form = page.form("/auth/signup").with("email", &email);
    let page = browser
        .submit(&form.with("password", "correct horse"))
        .await;
    assert_eq!((page.status, &*page.location()), (303, "/selling"));
    let page = browser.follow(&page).await;
    assert_eq!(page.status, 200);
    assert!(page.words().contains(&email), "{}", page.words());
}

#[rstest]
#[case("https://evil.example")]
#[case("//evil.example")]
#[case("/\\evil.example")]
#[case("/%5Cevil.example/..//")]
#[case("javascript:alert(1)")]
#[case("")]
#[tokio::test(flavor = "multi_thread")]
async fn nowhere_else(#[case] target: &str) {
    let browser = App::start().browser();
    let query = serde_urlencoded::to_string([("return_to", target)]).unwrap();
    let page = browser.open(&format!("/auth/signup?{query}")).await;
    let form = page.form("/auth/signup");
    let shown = form.value("return_to").to_owned();
    let email = format!("{}@example.com", unique("evil").replace(' ', "."));
    let form = form.with("email", &email).with("password", "correct horse");
    // Whoever changes the field gets no further than who changes the link.
    let page = browser.submit(&form.with("return_to", target)).await;
    assert_eq!(page.status, 303);
    for path in [shown, page.location()] {
        let local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        assert!(local, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_page_takes_the_whole_page_there() {
    let app = App::start();
    let browser = app.browser();
    let request = browser
        .request(reqwest::Method::GET, "/orders/list")
        .header("hx-request", "true")
        .header("hx-current-url", format!("{}/orders?cursor=7", app.base));
    let page = browser.send(request).await;
    assert_eq!(page.status, 401);
    assert_eq!(
        page.header("hx-redirect"),
        "/auth/signin?return_to=%2Forders%3Fcursor%3D7"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn buying_without_a_session_leads_back_to_the_ticket() {
    let app = App::start();
    let ticket = User::new().offers(&unique("Back"), 3).await;
    let path = format!("/tickets/{}", ticket.id);
    let browser = app.browser();
    let form = browser.open(&path).await.form(&format!("{path}/orders"));
    let page = browser.submit_and_follow(&form.with("quantity", "2")).await;
    let back = page.form("/auth/signin").value("return_to").to_owned();
    assert!(back.starts_with(&path), "{back}");
}
