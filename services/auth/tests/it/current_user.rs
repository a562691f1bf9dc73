//! `GET /api/users/currentuser`

use auth::domain::session::SigningKeys;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode, header};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{api::auth::User, ids::UserId};

use crate::harness::{KEY_B, TestApp, cookie};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_a_day() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.sign_up("ann@example.com").await);
    let user = app.current_user(&cookie).await["currentUser"].clone();
    assert_eq!(user["email"], "ann@example.com");
    assert_eq!(
        user["exp"].as_i64().unwrap() - user["iat"].as_i64().unwrap(),
        24 * 3600
    );

    app.clock
        .advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert!(app.current_user(&cookie).await["currentUser"].is_object());
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        app.current_user(&cookie).await,
        json!({"currentUser": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sends_it_as_a_bearer_token() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.sign_up("ann@example.com").await);
    let token = cookie.strip_prefix("session=").unwrap();
    for value in [format!("Bearer {token}"), format!("bearer {token}")] {
        let request = app.request(Method::GET, "/api/users/currentuser");
        let answer = request
            .header(header::AUTHORIZATION, value)
            .send()
            .await
            .unwrap();
        assert!(answer.json::<Value>().await.unwrap()["currentUser"].is_object());
    }
    // A header that is no token is not made up for by a cookie.
    let request = app
        .request(Method::GET, "/api/users/currentuser")
        .header("cookie", &cookie);
    let answer = request
        .header(header::AUTHORIZATION, "Bearer x")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({"currentUser": null})
    );
}

/// The signature of `token` for other claims or with another header.
fn forged(token: &str, part: usize, value: &Value) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mut parts: Vec<_> = token.split('.').collect();
    parts[part] = &encoded;
    parts.join(".")
}

#[rstest]
#[case::absent("")]
#[case::another_cookie("sessions=1")]
#[case::empty("session=")]
#[case::garbage("session=hunter2")]
#[case::dots("session=..")]
#[case::huge(&format!("session={}", "a".repeat(7000)))]
#[tokio::test(flavor = "multi_thread")]
async fn nobody(#[case] cookie: &str) {
    let app = TestApp::start().await;
    assert_eq!(app.current_user(cookie).await, json!({"currentUser": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_to_be_changed() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.sign_up("ann@example.com").await);
    let token = cookie.strip_prefix("session=").unwrap();
    let unsigned = token.rsplit_once('.').unwrap().0;
    let claims = json!({
        "iss": "ticketing/auth", "sub": UserId::new(app.clock.clock().now()),
        "email": "eve@example.com", "iat": 0, "exp": 4_000_000_000_u32
    });
    let none = forged(token, 0, &json!({"alg": "none", "typ": "JWT"}));
    let shared_secret = forged(token, 0, &json!({"alg": "HS256", "typ": "JWT", "kid": "x"}));
    for forged in [
        forged(token, 1, &claims),
        format!("{}.", none.rsplit_once('.').unwrap().0),
        none,
        shared_secret,
        format!("{unsigned}."),
        unsigned.to_owned(),
        format!("{token}x"),
        format!("x{token}"),
    ] {
        let answer = app.current_user(&format!("session={forged}")).await;
        assert_eq!(answer, json!({"currentUser": null}), "{forged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_key_signs_nothing() {
    let app = TestApp::start().await;
    let now = app.clock.clock().now();
    let user = User {
        id: UserId::new(now),
        email: "eve@example.com".into(),
    };
    let token = SigningKeys::parse(KEY_B).unwrap().sign(&user, now).unwrap();
    let answer = app
        .current_user(&format!("session={}", token.as_str()))
        .await;
    assert_eq!(answer, json!({"currentUser": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_not_to_be_stored() {
    let app = TestApp::start().await;
    let answer = app
        .request(Method::GET, "/api/users/currentuser")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
}
