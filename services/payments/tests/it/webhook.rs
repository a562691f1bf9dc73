//! `POST /api/payments/webhook`

use hmac::{Hmac, KeyInit, Mac};
use payments::store::webhooks;
use reqwest::{Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing_contracts::{api::payments::PaymentStatus, order::OrderStatus};
use ticketing_testkit::eventually;

use crate::harness::{
    App, Fault, GIVES_UP, World, all,
    books::{self, Books, begin, done_at_once, patience},
    now, paid, paying_with, problem,
};

/// An event about a `PaymentIntent`, with an id of its own.
pub fn event(intent: &str, kind: &str) -> Value {
    json!({
        "id": format!("evt_{:x}", rand::random::<u64>()),
        "object": "event",
        "type": kind,
        "data": {"object": {"id": intent, "object": "payment_intent", "metadata": {}}},
    })
}

fn signature(body: &str, secret: &str) -> String {
    let time = now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(app: &App, body: String, signature: Option<String>) -> Response {
    let mut request = app.request(reqwest::Method::POST, "/api/payments/webhook");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    request.body(body).send().await.unwrap()
}

/// Sends an event as Stripe does.
pub async fn send(app: &App, event: &Value) {
    let body = event.to_string();
    let signature = signature(&body, "whsec_payments");
    let answer = post(app, body, Some(signature)).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_stripe_is_heard() {
    let world = World::new().await;
    let app = world.start().await;
    let body = || event("pi_1", "payment_intent.succeeded").to_string();
    problem(post(&app, body(), None).await, StatusCode::BAD_REQUEST).await;
    let forged = signature(&body(), "whsec_guessed");
    problem(
        post(&app, body(), Some(forged)).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let signed = signature("[]", "whsec_payments");
    problem(
        post(&app, "[]".into(), Some(signed)).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let long = "x".repeat(64 * 1024 + 1);
    let signed = signature(&long, "whsec_payments");
    problem(
        post(&app, long, Some(signed)).await,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
    .await;
    assert_eq!(world.number("SELECT count(*) FROM webhook_event").await, 0);
    // About nothing that is known here, but Stripe's: it need not come again.
    send(
        &app,
        &event("pi_of_another_shop", "payment_intent.succeeded"),
    )
    .await;
    let other =
        json!({"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}});
    send(&app, &other).await;
}

/// Twenty times the same success, beside the answer to the request itself.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_of_the_same_make_one_payment() {
    let world = World::new().await;
    let app = world.start().await;
    world.sim.faults_untold(&[]).await;
    let ann = world.user();
    let order = world.order(&ann).await;
    let payment = paid(app.pay(&ann, order.id, "tok_threeDSecure2Required").await).await;
    let intent = payment.stripe_id.unwrap();
    world.sim.authenticate(&intent, true).await;
    let body = event(&intent, "payment_intent.succeeded").to_string();
    let requests: Vec<_> = (0..20)
        .map(|_| {
            app.request(reqwest::Method::POST, "/api/payments/webhook")
                .header("stripe-signature", signature(&body, "whsec_payments"))
                .body(body.clone())
        })
        .collect();
    let answers = all(requests
        .into_iter()
        .map(|request| async move { request.send().await.unwrap() }))
    .await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status() == StatusCode::OK)
    );
    assert_eq!(world.number("SELECT count(*) FROM webhook_event").await, 1);
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    app.becomes(&ann, order.id, PaymentStatus::Succeeded).await;
    world
        .has_published(&["payment:pending", "payment:created"])
        .await;
    assert_eq!(world.sim.charges(order.id).await, 1);
}

/// Stripe's notice overtakes its own answer.
#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer_it_makes_the_payment_too() {
    let world = World::new().await.set("STRIPE_TIMEOUT", GIVES_UP);
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await;
    // The charge is made and told, and its answer never comes.
    world.sim.faults(&[Fault("confirm", "hang", 1)]).await;
    let request = app.paying(&ann, &paying_with(order.id, "tok_visa"));
    let paying = tokio::spawn(async move { request.send().await.unwrap() });
    world
        .orders
        .becomes(&ann, order.id, OrderStatus::Complete)
        .await;
    // The one who waits is told what is true by then.
    let payment = paid(paying.await.unwrap()).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(world.sim.charges(order.id).await, 1);
    world.has_published(&["payment:created"]).await;
}

/// What is told of a success that is about to be written is answered when it is, and is not written beside
/// it. Other things are.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_a_success_is_waited_for() {
    let world = World::new().await.set("STRIPE_TIMEOUT", "1h");
    let app = world.start().await;
    let ann = world.user();
    let order = world.order(&ann).await.id;
    let hangs = Fault("confirm", "hang", 1);
    world.sim.hangs_untold(hangs, 5).await;
    let request = app.paying(&ann, &paying_with(order, "tok_visa"));
    let paying = tokio::spawn(async move { request.send().await.unwrap() });
    eventually("Stripe is about to charge", async || {
        let sql = "SELECT count(*) FROM payment WHERE confirming";
        (world.number(sql).await == 1).then_some(())
    })
    .await;
    let held = "BEGIN; SELECT FROM payment FOR UPDATE";
    world.sql.batch_execute(held).await.unwrap();
    eventually("the success waits for its row", async || {
        (world.waiting().await == 1).then_some(())
    })
    .await;
    let payment = "SELECT id::text, intent FROM payment";
    let payment = world.sql.query_one(payment, &[]).await.unwrap();
    let told = |kind: &str| {
        let mut event = event(payment.get(1), kind);
        let ours: String = payment.get(0);
        event["data"]["object"]["metadata"]["paymentId"] = ours.into();
        let body = event.to_string();
        let signature = signature(&body, "whsec_payments");
        app.request(reqwest::Method::POST, "/api/payments/webhook")
            .header("stripe-signature", signature)
            .body(body)
    };
    let kinds = ["payment_intent.succeeded", "payment_intent.processing"];
    let told = kinds.map(|kind| told(kind).send());
    let told = tokio::spawn(all(told));
    eventually("the other one waits for the row as well", async || {
        (world.waiting().await == 2).then_some(())
    })
    .await;
    world.sql.batch_execute("COMMIT").await.unwrap();
    paid(paying.await.unwrap()).await;
    for answer in told.await.unwrap() {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(world.number("SELECT count(*) FROM webhook_event").await, 1);
}

/// Whoever is making an attempt hears from Stripe as well. Everything else is looked at now.
#[rstest]
#[case::together(true)]
#[case::alone(false)]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_hint_leaves_time_to_whoever_is_at_it(#[case] together: bool) {
    let books = Books::open().await;
    let states = [
        "status = 'attempting'",
        "due_at = now() + interval '0.5 seconds'",
        "reason = 'unconfirmed'",
        "instance = ''",
        "status = 'failed', reason = 'unavailable', due_at = NULL",
        "status = 'requires-action', client_secret = 'x'",
        "status = 'succeeded', settled = 'complete', due_at = NULL",
        "status = 'canceled', due_at = NULL",
    ];
    let begins: Vec<_> = (0..8).map(begin).collect();
    done_at_once(begins.iter().map(|one| books.begins(one))).await;
    done_at_once(begins.iter().map(|one| books.confirms(one))).await;
    for (one, state) in begins.iter().zip(states) {
        let change = format!("UPDATE payment SET {state} WHERE id = '{}'", one.payment.id);
        books.sql.batch_execute(&change).await.unwrap();
    }
    let now = "SELECT extract(epoch FROM clock_timestamp())::double precision";
    let now = async || -> f64 { books.sql.query_one(now, &[]).await.unwrap().get(0) };
    let before = now().await;
    if together {
        done_at_once(begins.iter().map(|one| books.notes(one))).await;
    } else {
        let mut connection = books.pool.get().await.unwrap();
        for one in &begins {
            let hint = books::hint(one);
            webhooks::note(&mut connection, &hint, patience().hint)
                .await
                .unwrap();
        }
    }
    let after = now().await;
    let due = "SELECT extract(epoch FROM due_at)::double precision FROM payment ORDER BY id";
    let due = books.sql.query(due, &[]).await.unwrap();
    let due: Vec<Option<f64>> = due.iter().map(|row| row.get(0)).collect();
    let at = |due: Option<f64>, wait: f64| {
        let due = due.unwrap() - wait;
        (before..=after).contains(&due)
    };
    assert!(at(due[0], 15.0), "{due:?} {before} {after}");
    assert!(due[1].unwrap() < after + 0.5, "not later than before");
    for due in &due[2..6] {
        assert!(at(*due, 0.0), "{due:?} {before} {after}");
    }
    assert_eq!(due[6..], [None; 2]);
}
