//! The public keys, their rotation, and the services that follow it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use ticketing_http::session::{
    NoKeys, Verifier,
    jwks::{Refresh, follow},
};
use ticketing_runtime::consul::{ConsulSettings, Resolver};
use ticketing_testkit::{engine::free_port, eventually};
use tokio_util::sync::CancellationToken;

use crate::harness::{Builder, KEY_A, KEY_B, TestApp, cookie};

async fn published(app: &TestApp) -> Vec<Value> {
    let request = app.request(Method::GET, "/api/users/.well-known/jwks.json");
    let set: Value = request.send().await.unwrap().json().await.unwrap();
    set["keys"].as_array().unwrap().clone()
}

/// Another service's view of auth at `base`.
fn other_service(app: &TestApp, base: &str, unknown_key: Duration) -> Verifier {
    let overrides = [("auth", base.to_owned())].into();
    let settings = ConsulSettings {
        address: "http://127.0.0.1:1".into(),
        overrides,
    };
    let resolver = Resolver::new(settings, CancellationToken::new());
    let refresh = Refresh {
        unknown_key,
        patience: Duration::from_secs(30),
        ..Refresh::default()
    };
    let stop = CancellationToken::new();
    follow(resolver.service("auth"), refresh, app.clock.clock(), stop)
}

/// For an auth that ends, and another that takes its place.
async fn on_a_port_of_its_own() -> Builder {
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    Builder::new().await.set("HTTP_ADDRESS", address)
}

fn token(cookie: &str) -> &str {
    cookie.strip_prefix("session=").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_public_halves() {
    let app = TestApp::start().await;
    let keys = published(&app).await;
    assert_eq!(keys.len(), 1);
    let key = keys[0].as_object().unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("sig"))
    );
    let mut members: Vec<_> = key.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_session_is_valid_until_its_key_is_withdrawn() {
    let builder = Builder::new().await;
    let before = builder.start().await;
    let old = cookie(&before.sign_up("ann@example.com").await);

    let builder = builder.set("SESSION_KEYS", format!("{KEY_B},{KEY_A}"));
    let rotated = builder.start().await;
    assert_eq!(published(&rotated).await.len(), 2);
    assert!(rotated.current_user(&old).await["currentUser"].is_object());
    let new = cookie(&rotated.sign_up("bob@example.com").await);
    assert_eq!(
        before.current_user(&new).await,
        json!({"currentUser": null})
    );

    let withdrawn = builder.set("SESSION_KEYS", KEY_B).start().await;
    assert_eq!(
        withdrawn.current_user(&old).await,
        json!({"currentUser": null})
    );
    assert!(withdrawn.current_user(&new).await["currentUser"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_follows_a_rotation_and_outlives_auth() {
    let builder = on_a_port_of_its_own().await;
    let app = builder.start().await;
    let old = cookie(&app.sign_up("ann@example.com").await);
    let unseen = cookie(&app.sign_up("carl@example.com").await);
    let verifier = other_service(&app, &app.base, Duration::ZERO);
    assert!(
        verifier.verify(token(&old)).await.unwrap().is_some(),
        "the first keys are fetched when asked for"
    );

    // The same address with new keys: the old instance ends, the new one takes its place.
    app.lifecycle.soft().cancel();
    app.done.await.unwrap().unwrap();
    // One that was not verified before, so that it is the keys that survive, not an answer.
    let verified = verifier.verify(token(&unseen)).await.unwrap();
    assert!(verified.is_some(), "known keys survive auth's absence");

    let rotated = builder
        .set("SESSION_KEYS", format!("{KEY_B},{KEY_A}"))
        .start()
        .await;
    let new = cookie(&rotated.sign_up("bob@example.com").await);
    assert!(
        verifier.verify(token(&new)).await.unwrap().is_some(),
        "an unknown key is fetched at once"
    );
    assert!(verifier.verify(token(&old)).await.unwrap().is_some());
}

/// Anybody can make up a key's name; auth is not asked for each.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_are_asked_for_rarely() {
    let builder = Builder::new().await;
    let app = builder.start().await;
    let session = cookie(&app.sign_up("ann@example.com").await);
    let verifier = other_service(&app, &app.base, Duration::from_secs(3600));
    eventually("the keys are there", async || {
        verifier.verify(token(&session)).await.ok()?
    })
    .await;

    let foreign = builder.set("SESSION_KEYS", KEY_B).start().await;
    let unknown = cookie(&foreign.sign_up("bob@example.com").await);
    let fetched = async || {
        let metrics = reqwest::get(format!("{}/metrics", app.admin))
            .await
            .unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = metrics
            .lines()
            .find(|line| line.starts_with("http_requests_total") && line.contains("jwks.json"));
        line.map_or(0, |line| {
            line.rsplit_once(' ').unwrap().1.parse::<u32>().unwrap()
        })
    };
    assert!(verifier.verify(token(&unknown)).await.unwrap().is_none());
    let before = fetched().await;
    for _ in 0..50 {
        assert!(verifier.verify(token(&unknown)).await.unwrap().is_none());
    }
    // Other tests of this process fetch as well, but not fifty times.
    assert!(
        fetched().await < before + 40,
        "every unknown key was fetched for"
    );
}

/// A service that starts before auth says that it can't tell, not that nobody is signed in.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_key_nobody_is_refused() {
    let builder = on_a_port_of_its_own().await;
    let mut app = builder.start().await;
    let session = cookie(&app.sign_up("ann@example.com").await);
    app.lifecycle.soft().cancel();
    (&mut app.done).await.unwrap().unwrap();
    let verifier = other_service(&app, &app.base, Duration::from_secs(3600));
    assert_eq!(verifier.verify(token(&session)).await, Err(NoKeys));
    // Asking all the time does not put off the fetch that is due every second.
    let _back = builder.start().await;
    eventually("the keys are there", async || {
        verifier.verify(token(&session)).await.ok()?
    })
    .await;
}
