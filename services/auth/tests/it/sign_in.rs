//! `POST /api/users/signin`

use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;

use crate::harness::{PASSWORD, TestApp, cookie, problem};

#[rstest]
#[case("ann@example.com")]
#[case(" ANN@example.COM")]
#[tokio::test(flavor = "multi_thread")]
async fn back_with_the_right_password(#[case] email: &str) {
    let app = TestApp::start().await;
    let account: Value = app.sign_up("Ann@example.com").await.json().await.unwrap();
    let response = app.sign_in(email, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = cookie(&response);
    assert_eq!(response.json::<Value>().await.unwrap(), account);
    assert_eq!(
        app.current_user(&cookie).await["currentUser"]["id"],
        account["id"]
    );
}

#[rstest]
#[case::wrong_password("ann@example.com", "correct hors")]
#[case::case_matters("ann@example.com", "Correct horse")]
#[case::too_long_to_be_one("ann@example.com", &"x".repeat(1000))]
#[case::unknown_address("bob@example.com", PASSWORD)]
#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_told_what_was_wrong(#[case] email: &str, #[case] password: &str) {
    let app = TestApp::start().await;
    app.sign_up("ann@example.com").await;
    let response = app.sign_in(email, password).await;
    assert!(response.headers().get("set-cookie").is_none());
    assert_eq!(
        problem(response, StatusCode::BAD_REQUEST).await,
        "Invalid credentials"
    );
}
