//! `POST /api/users/signup`

use futures::future::join_all;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{FORWARDED_TOKEN, PASSWORD, TestApp, cookie, problem, set_cookie};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_and_a_session() {
    let app = TestApp::start().await;
    let response = app.sign_up("  Ann@Example.com ").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let (full, cookie) = (set_cookie(&response), cookie(&response));
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"] {
        assert!(full.contains(attribute), "{attribute} is missing in {full}");
    }
    assert!(!full.contains("Secure"), "it did not come by HTTPS");
    let user: Value = response.json().await.unwrap();
    assert_eq!(user["email"], "Ann@Example.com");
    assert_eq!(user.as_object().unwrap().len(), 2, "{user}");
    let session = app.current_user(&cookie).await;
    assert_eq!(session["currentUser"]["id"], user["id"]);
}

#[rstest]
#[case("ann@example.com")]
#[case("ANN@EXAMPLE.COM")]
#[case(" ann@Example.com\t")]
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_used_once(#[case] again: &str) {
    let app = TestApp::start().await;
    assert_eq!(
        app.sign_up("Ann@example.com").await.status(),
        StatusCode::CREATED
    );
    let refused = app.sign_up(again).await;
    assert!(refused.headers().get("set-cookie").is_none());
    assert_eq!(
        problem(refused, StatusCode::BAD_REQUEST).await,
        "Email in use"
    );
}

/// The unique constraint decides; dropping it from the migration makes this fail with several 201.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_the_address() {
    let app = TestApp::start().await;
    let attempts = (0..20).map(|number| {
        let email = if number % 2 == 0 {
            "ann@example.com"
        } else {
            "ANN@example.com"
        };
        app.sign_up(email)
    });
    let mut created = 0;
    for response in join_all(attempts).await {
        if response.status() == StatusCode::CREATED {
            created += 1;
        } else {
            assert_eq!(
                problem(response, StatusCode::BAD_REQUEST).await,
                "Email in use"
            );
        }
    }
    assert_eq!(created, 1);
}

#[rstest]
#[case::https_through_traefik(Some(FORWARDED_TOKEN), true)]
#[case::https_says_the_client(None, false)]
#[case::https_says_a_liar(Some("guess"), false)]
#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_secure_behind_https(#[case] token: Option<&str>, #[case] secure: bool) {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD});
    let mut request = app
        .post("/api/users/signup", &body)
        .header("x-forwarded-proto", "https");
    if let Some(token) = token {
        request = request.header("x-forwarded-token", token);
    }
    let response = request.send().await.unwrap();
    assert_eq!(set_cookie(&response).contains("Secure"), secure);
}
