//! `/auth/signin`, `/auth/signup`

use crate::{browser::chromium::Chromium, harness::Stack};

#[tokio::test]
async fn sign_up() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.may_say("status of 400");
    browser.opens("/auth/signup").await;
    browser.audited("sign-up").await;
    browser.fills("Email", "nobody").await;
    browser.fills("Password", "short").await;
    browser.presses("Sign up").await;
    browser
        .sees("An email address such as ann@example.com")
        .await;
    browser.sees("8 to 128 characters").await;
    browser.audited("sign-up-wrong").await;

    let (email, _) = stack.sign_up("twice").await;
    browser.signs_up_with(&email).await;
    browser
        .sees("There is an account with this address already.")
        .await;
    browser.audited("sign-up-email-in-use").await;
    browser.ends().await;
}

#[tokio::test]
async fn sign_in() {
    let stack = Stack::get();
    let browser = Chromium::new().start(&stack).await;
    browser.may_say("status of 400");
    browser.opens("/auth/signin").await;
    browser.audited("sign-in").await;
    let (email, _) = stack.sign_up("forgetful").await;
    browser.signs_in(&email, "not the password").await;
    browser.sees("Email and password don’t go together.").await;
    assert_eq!(browser.written_in("Email").await, email);
    browser.audited("sign-in-refused").await;
    // On the way to something.
    browser.opens("/orders").await;
    browser.arrives_at("/auth/signin?return_to=").await;
    browser.sees("Sign in first").await;
    browser.audited("sign-in-first").await;
    browser.signs_in(&email, crate::harness::PASSWORD).await;
    browser.arrives_at("/orders").await;
    browser.ends().await;
}

/// No page sends people elsewhere after they have signed in.
#[tokio::test]
async fn the_way_back_leads_nowhere_else() {
    let stack = Stack::get();
    let (email, _) = stack.sign_up("careful").await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
    ] {
        let browser = Chromium::new().start(&stack).await;
        let query = serde_urlencoded::to_string([("return_to", elsewhere)]).unwrap();
        browser.opens(&format!("/auth/signin?{query}")).await;
        browser.signs_in(&email, crate::harness::PASSWORD).await;
        browser.sees_button("Sign out").await;
        assert_eq!(browser.path().await, "/", "{elsewhere}");
        browser.ends().await;
    }
}
