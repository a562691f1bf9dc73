//! Money back, no more than was charged.

use serde_json::json;
use ticketing_testkit::eventually;

use crate::harness::{Answer, Stripe};

async fn paid(stripe: &Stripe) -> String {
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    intent
}

async fn refund(stripe: &Stripe, intent: &str, amount: Option<&str>) -> Answer {
    let mut parameters = vec![("payment_intent", intent)];
    parameters.extend(amount.map(|amount| ("amount", amount)));
    stripe.post("/v1/refunds", &parameters).await
}

#[tokio::test]
async fn all_of_it_once() {
    let stripe = Stripe::start();
    let intent = paid(&stripe).await;
    let made = refund(&stripe, &intent, None).await.ok();
    assert_eq!(
        (made.field("status"), &made.body["amount"]),
        ("succeeded", &json!(1050))
    );
    let again = refund(&stripe, &intent, None).await;
    assert_eq!(again.refusal(), (400, "charge_already_refunded"));
    let totals = stripe.simulator.totals();
    assert_eq!((totals.charges, totals.refunds), (1, 1));
    let usd = totals.currencies["usd"];
    assert_eq!((usd.charged, usd.refunded), (1050, 1050));
}

#[tokio::test]
async fn in_parts() {
    let stripe = Stripe::start();
    let intent = paid(&stripe).await;
    refund(&stripe, &intent, Some("1000")).await.ok();
    let more = refund(&stripe, &intent, Some("51")).await;
    assert_eq!((more.status, more.field("error.param")), (400, "amount"));
    let rest = refund(&stripe, &intent, None).await.ok();
    assert_eq!(rest.body["amount"], 50);

    let path = format!("/v1/refunds?payment_intent={intent}&limit=1");
    let list = stripe.get(&path).await.ok();
    assert_eq!(list.body["has_more"], true);
    assert_eq!(list.body["data"][0]["id"], rest.body["id"]);
    assert_eq!(stripe.simulator.totals().refunds, 2);
    let shown = stripe
        .get("/sim/payment_intents?order_id=order-1")
        .await
        .ok();
    assert_eq!(shown.body["data"][0]["refunded"], 1050);
}

#[tokio::test]
async fn nothing_was_charged() {
    let stripe = Stripe::start();
    let intent = stripe.intent().await;
    assert_eq!(refund(&stripe, &intent, None).await.status, 400);
    let list = stripe
        .get(&format!("/v1/refunds?payment_intent={intent}"))
        .await
        .ok();
    assert_eq!(list.body["data"], json!([]));
}

#[tokio::test]
async fn a_key_gives_back_once() {
    let stripe = Stripe::start();
    let intent = paid(&stripe).await;
    let parameters = [("payment_intent", intent.as_str()), ("amount", "10")];
    let first = stripe.keyed("key", "/v1/refunds", &parameters).await.ok();
    let second = stripe.keyed("key", "/v1/refunds", &parameters).await.ok();
    assert_eq!(first.body, second.body);
    assert_eq!(stripe.simulator.totals().currencies["usd"].refunded, 10);
}

async fn pending(fault: &str) -> (Stripe, String) {
    let stripe = Stripe::start();
    let intent = paid(&stripe).await;
    stripe.fault(json!({"route": "refund", "fault": fault, "seconds": 0, "times": 1}));
    let made = refund(&stripe, &intent, None).await.ok();
    assert_eq!(made.field("status"), "pending");
    let path = format!("/v1/refunds/{}", made.field("id"));
    let ended = eventually("the refund ends", async || {
        let status = stripe.get(&path).await.field("status").to_owned();
        (status != "pending").then_some(status)
    })
    .await;
    let events = stripe.get("/sim/events?type=refund.updated").await.ok();
    assert_eq!(
        events.body["data"][0]["data"]["object"]["status"],
        ended.as_str()
    );
    (stripe, ended)
}

#[tokio::test]
async fn one_that_takes_its_time() {
    let (stripe, ended) = pending("pending").await;
    assert_eq!(
        (ended.as_str(), stripe.simulator.totals().refunds),
        ("succeeded", 1)
    );
}

#[tokio::test]
async fn one_that_fails() {
    let (stripe, ended) = pending("pending-fails").await;
    let totals = stripe.simulator.totals();
    assert_eq!((ended.as_str(), totals.refunds), ("failed", 0));
    assert_eq!(totals.currencies["usd"].refunded, 0);
}
