//! What browsers load.

use crate::harness::Stripe;

async fn loaded(path: &str, kind: &str) -> String {
    let stripe = Stripe::start();
    let url = format!("{}{path}", stripe.simulator.url());
    let answer = stripe.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], kind);
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_script_is_one_function_and_needs_no_lax_policy() {
    let script = loaded("/stripe-sim/v3/stripe.js", "text/javascript; charset=utf-8").await;
    assert!(script.starts_with("(() => {\n'use strict';"));
    assert!(script.ends_with("})();\n"));
    assert!(script.contains("window.Stripe = "));
    for lax in [
        "eval(",
        "innerHTML",
        ".style.",
        "new Function",
        "javascript:",
        "setAttribute('on",
    ] {
        assert!(!script.contains(lax), "{lax}");
    }
    loaded("/v3/stripe.js", "text/javascript; charset=utf-8").await;
}

#[tokio::test]
async fn the_stylesheet_is_beside_it() {
    let style = loaded("/stripe-sim/v3/stripe.css", "text/css; charset=utf-8").await;
    assert!(style.contains(":focus-visible") && style.contains("light-dark("));
    assert!(!style.contains("url(") && !style.contains("@import"));
}
