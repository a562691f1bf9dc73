//! A restart forgets nothing.

use std::{fs::OpenOptions, io::Write};

use serde_json::json;
use stripe_sim::{Settings, Simulator};
use tempfile::TempDir;
use ticketing_testkit::eventually;

use crate::harness::{Stripe, confirm_path};

fn started(folder: &TempDir) -> Stripe {
    Stripe::of(Simulator::start(Settings {
        data: Some(folder.path().to_owned()),
        ..Settings::default()
    }))
}

#[tokio::test]
async fn payments_keys_refunds_and_counts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let stripe = started(&folder);
    let (paid, open) = (stripe.intent().await, stripe.intent().await);
    let visa = [("payment_method", "pm_card_visa")];
    let first = stripe.keyed("key", &confirm_path(&paid), &visa).await.ok();
    stripe
        .post(
            "/v1/refunds",
            &[("payment_intent", &paid), ("amount", "50")],
        )
        .await
        .ok();
    stripe
        .confirm(&open, "pm_card_threeDSecure2Required")
        .await
        .ok();
    let method = [("type", "card"), ("card[token]", "tok_visa")];
    let method = stripe.post("/v1/payment_methods", &method).await.ok();
    let looks = [
        "/sim/totals",
        "/sim/payment_intents",
        "/sim/events",
        "/v1/refunds",
    ];
    let mut before = Vec::new();
    for path in looks {
        before.push(stripe.get(path).await.ok().body);
    }
    drop(stripe);

    let stripe = started(&folder);
    for (path, before) in looks.iter().zip(before) {
        assert_eq!(stripe.get(path).await.ok().body, before, "{path}");
    }
    let repeat = stripe.keyed("key", &confirm_path(&paid), &visa).await.ok();
    assert_eq!(repeat.body, first.body);
    assert_eq!(repeat.headers["idempotent-replayed"], "true");
    stripe.authenticate(&open, true).await.ok();
    let another = stripe.intent().await;
    stripe.confirm(&another, method.field("id")).await.ok();
    assert_eq!(stripe.charges(), 3);
}

#[tokio::test]
async fn a_failure_is_kept_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let stripe = started(&folder);
    let intent = stripe.intent().await;
    let visa = [("payment_method", "pm_card_visa")];
    stripe.fault(json!({"route": "confirm", "fault": "error-after"}));
    let path = confirm_path(&intent);
    assert_eq!(stripe.keyed("key", &path, &visa).await.status, 500);
    drop(stripe);

    let stripe = started(&folder);
    assert_eq!(stripe.keyed("key", &path, &visa).await.status, 500);
    assert_eq!(stripe.status(&intent).await, "succeeded");
    assert_eq!(stripe.charges(), 1);
}

#[tokio::test]
async fn a_pending_refund_arrives_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let stripe = started(&folder);
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    stripe.fault(json!({"route": "refund", "fault": "pending", "seconds": 600}));
    let refund = stripe
        .post("/v1/refunds", &[("payment_intent", &intent)])
        .await
        .ok();
    assert_eq!(refund.field("status"), "pending");
    drop(stripe);

    let stripe = started(&folder);
    let path = format!("/v1/refunds/{}", refund.field("id"));
    eventually("the refund arrives", async || {
        (stripe.get(&path).await.field("status") == "succeeded").then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_cut_short_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let stripe = started(&folder);
    let intent = stripe.intent().await;
    drop(stripe);
    let journal = folder.path().join("journal.jsonl");
    let mut journal = OpenOptions::new().append(true).open(journal).unwrap();
    journal
        .write_all(br#"{"entry": {"request": "req_"#)
        .unwrap();

    let stripe = started(&folder);
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    drop(stripe);
    assert_eq!(started(&folder).charges(), 1);
}
