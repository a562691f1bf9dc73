//! How often one may try, with Redis and without.

use futures::future::join_all;
use reqwest::{Response, StatusCode};
use rstest::rstest;
use serde_json::json;
use ticketing_testkit::{Redis, eventually};

use crate::harness::{Builder, FORWARDED_TOKEN, PASSWORD, TestApp, problem};

/// A port where nothing listens.
const NOWHERE: &str = "redis://127.0.0.1:1";

async fn sign_in_from(app: &TestApp, address: &str, email: &str) -> Response {
    let body = json!({"email": email, "password": "wrong password"});
    let request = app.post("/api/users/signin", &body);
    let request = request.header("x-forwarded-token", FORWARDED_TOKEN);
    request
        .header("x-forwarded-for", address)
        .send()
        .await
        .unwrap()
}

async fn refused(response: Response) -> u64 {
    let wait = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let told = problem(response, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(told, "Too many attempts, try again later");
    wait
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account(#[values(true, false)] with_redis: bool) {
    let mut builder = Builder::new().await.set("SIGNIN_PER_ACCOUNT", "3/1h");
    if !with_redis {
        builder = builder.redis(NOWHERE.into());
    }
    let app = builder.start().await;
    app.sign_up("ann@example.com").await;
    for (address, email) in [
        ("1.1.1.1", "ann@example.com"),
        ("2.2.2.2", "ANN@example.com"),
        ("3.3.3.3", " ann@example.com"),
    ] {
        let response = sign_in_from(&app, address, email).await;
        assert_eq!(
            problem(response, StatusCode::BAD_REQUEST).await,
            "Invalid credentials"
        );
    }
    let wait = refused(sign_in_from(&app, "4.4.4.4", "ann@example.com").await).await;
    assert!(
        (1100..=1200).contains(&wait),
        "a third of an hour, not {wait} s"
    );
    // The right password does not help, and others are not affected.
    refused(app.sign_in("ann@example.com", PASSWORD).await).await;
    let other = sign_in_from(&app, "1.1.1.1", "bob@example.com").await;
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
}

#[rstest]
#[case::one_address("1.2.3.4", "1.2.3.4", true)]
#[case::two_addresses("1.2.3.4", "1.2.3.5", false)]
#[case::one_ipv6_network("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", true)]
#[case::the_client_adds_an_address("1.2.3.4", "9.9.9.9, 1.2.3.4", true)]
#[tokio::test(flavor = "multi_thread")]
async fn an_address(
    #[values(true, false)] with_redis: bool,
    #[case] first: &str,
    #[case] second: &str,
    #[case] same: bool,
) {
    let mut builder = Builder::new().await.set("SIGNIN_PER_ADDRESS", "2/1h");
    if !with_redis {
        builder = builder.redis(NOWHERE.into());
    }
    let app = builder.start().await;
    for email in ["a@example.com", "b@example.com"] {
        let response = sign_in_from(&app, first, email).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    let third = sign_in_from(&app, second, "c@example.com").await;
    if same {
        refused(third).await;
    } else {
        assert_eq!(third.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ups_from_one_address() {
    let app = Builder::new()
        .await
        .set("SIGNUP_PER_ADDRESS", "2/1h")
        .start()
        .await;
    assert_eq!(
        app.sign_up("a@example.com").await.status(),
        StatusCode::CREATED
    );
    assert_eq!(
        app.sign_up("b@example.com").await.status(),
        StatusCode::CREATED
    );
    refused(app.sign_up("c@example.com").await).await;
    // Nothing was made.
    let response = app.sign_in("c@example.com", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

/// Counted in Redis: with counters of its own each instance would let five pass.
#[tokio::test(flavor = "multi_thread")]
async fn all_instances_count_together() {
    let builder = Builder::new().await.set("SIGNIN_PER_ACCOUNT", "5/1h");
    let instances = [builder.start().await, builder.start().await];
    let attempts = (0..20).map(|n| sign_in_from(&instances[n % 2], "1.2.3.4", "ann@example.com"));
    let answers = join_all(attempts).await;
    let passed = answers
        .iter()
        .filter(|answer| answer.status() == StatusCode::BAD_REQUEST)
        .count();
    assert_eq!(passed, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_comes_free_after_its_time() {
    let app = Builder::new()
        .await
        .set("SIGNIN_PER_ACCOUNT", "1/500ms")
        .start()
        .await;
    let attempt = async || {
        sign_in_from(&app, "1.2.3.4", "ann@example.com")
            .await
            .status()
    };
    assert_eq!(attempt().await, StatusCode::BAD_REQUEST);
    eventually("an attempt passes again", async || {
        (attempt().await == StatusCode::BAD_REQUEST).then_some(())
    })
    .await;
}

/// A Redis that hangs costs a sign-in a moment, not the limit and not the sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn redis_goes_and_comes_back() {
    let redis = Redis::start().unwrap();
    let builder = Builder::new()
        .await
        .redis(redis.url())
        .set("SIGNIN_PER_ACCOUNT", "3/1h")
        .set("REDIS_PATIENCE", "250ms");
    let app = builder.start().await;
    let attempt = async || {
        sign_in_from(&app, "1.2.3.4", "ann@example.com")
            .await
            .status()
    };
    assert_eq!(attempt().await, StatusCode::BAD_REQUEST);
    redis.engine.freeze().unwrap();
    let mut frozen = Vec::new();
    for _ in 0..4 {
        frozen.push(attempt().await);
    }
    let passed = frozen
        .iter()
        .take_while(|status| **status == StatusCode::BAD_REQUEST)
        .count();
    // Two when Redis was slow to count the first, which was then counted here.
    assert!([2, 3].contains(&passed), "{frozen:?}");
    assert_eq!(frozen[3], StatusCode::TOO_MANY_REQUESTS);
    redis.engine.thaw().unwrap();
    // Two of three are left in Redis, which saw one attempt (or more: those that it answered late).
    eventually("Redis counts again", async || {
        (attempt().await != StatusCode::TOO_MANY_REQUESTS).then_some(())
    })
    .await;
}
