//! Webhooks: signed, sent until they are taken, never in the way of a request.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing_testkit::eventually;

use crate::harness::Stripe;

/// An endpoint that refuses the first few.
struct Endpoint {
    url: String,
    seen: Arc<Mutex<Seen>>,
    server: ServerHandle,
}

#[derive(Default)]
struct Seen {
    refuse: usize,
    /// Signature and body, of those that were refused too.
    all: Vec<(String, String)>,
}

impl Endpoint {
    fn start(refuse: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/api/payments/webhook",
            listener.local_addr().unwrap()
        );
        let seen = Arc::new(Mutex::new(Seen {
            refuse,
            ..Seen::default()
        }));
        let data = web::Data::from(seen.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/api/payments/webhook", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0);
        let server = server.listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            seen,
            server: handle,
        }
    }

    fn all(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().all.clone()
    }

    async fn after(&self, count: usize) -> Vec<Value> {
        let all = eventually("the webhooks come", async || {
            let all = self.all();
            (all.len() >= count).then_some(all)
        });
        let parse = |(_, body): &(String, String)| serde_json::from_str(body).unwrap();
        all.await.iter().map(parse).collect()
    }
}

async fn take(request: HttpRequest, body: String, seen: web::Data<Mutex<Seen>>) -> HttpResponse {
    let signature = request
        .headers()
        .get("stripe-signature")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let mut seen = seen.lock().unwrap();
    seen.all.push((signature, body));
    if seen.all.len() <= seen.refuse {
        HttpResponse::InternalServerError().finish()
    } else {
        HttpResponse::Ok().finish()
    }
}

fn started(endpoint: &Endpoint) -> Stripe {
    let stripe = Stripe::start();
    stripe.simulator.send_webhooks_to(&endpoint.url);
    stripe
}

async fn paid(stripe: &Stripe) -> String {
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_visa").await.ok();
    intent
}

#[tokio::test]
async fn the_signature_is_of_the_time_and_the_body() {
    let endpoint = Endpoint::start(0);
    let stripe = started(&endpoint);
    let intent = paid(&stripe).await;
    let event = endpoint.after(1).await.remove(0);
    assert_eq!(event["type"], "payment_intent.succeeded");
    assert_eq!(event["data"]["object"]["id"], intent.as_str());
    assert_eq!(event["data"]["object"]["metadata"]["orderId"], "order-1");
    assert_eq!(event["livemode"], false);

    let (signature, body) = endpoint.all().remove(0);
    let (time, hex) = signature
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec_simulated").unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    mac.verify_slice(&hex::decode(hex).unwrap()).unwrap();
    assert!(time.parse::<i64>().unwrap() >= event["created"].as_i64().unwrap());
}

#[tokio::test]
async fn what_is_refused_is_sent_again() {
    let endpoint = Endpoint::start(3);
    let stripe = started(&endpoint);
    paid(&stripe).await;
    let events = endpoint.after(4).await;
    assert!(events.iter().all(|event| event["id"] == events[0]["id"]));
    eventually("it is taken", async || {
        let events = stripe.get("/sim/events").await.ok();
        (events.body["data"][0]["pending_webhooks"] == 0).then_some(())
    })
    .await;
    assert_eq!(endpoint.all().len(), 4);
}

#[tokio::test]
async fn each_change_is_told() {
    let endpoint = Endpoint::start(0);
    let stripe = started(&endpoint);
    let intent = stripe.intent().await;
    stripe.confirm(&intent, "pm_card_chargeDeclined").await;
    stripe
        .confirm(&intent, "pm_card_authenticationRequired")
        .await
        .ok();
    stripe.authenticate(&intent, true).await.ok();
    stripe
        .post("/v1/refunds", &[("payment_intent", &intent)])
        .await
        .ok();
    let cancelled = stripe.intent().await;
    stripe
        .post(&format!("/v1/payment_intents/{cancelled}/cancel"), &[])
        .await
        .ok();
    // In no order, as Stripe's.
    let events = endpoint.after(6).await;
    let mut kinds: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    let expected = [
        "charge.refunded",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "refund.created",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn an_event_can_be_sent_again() {
    let endpoint = Endpoint::start(0);
    let stripe = started(&endpoint);
    let intent = paid(&stripe).await;
    endpoint.after(1).await;
    let events = stripe
        .get(&format!("/sim/events?payment_intent={intent}"))
        .await
        .ok();
    let id = events.body["data"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..20 {
        let path = format!("/sim/events/{id}/resend");
        let sent = stripe.json(Method::POST, &path, Value::Null).await.ok();
        assert_eq!(sent.body, json!({"id": id, "status": 200}));
    }
    let events = endpoint.after(21).await;
    assert!(events.iter().all(|event| event["id"] == id.as_str()));
    let none = stripe
        .json(Method::POST, "/sim/events/evt_none/resend", Value::Null)
        .await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn they_can_be_held_back() {
    let endpoint = Endpoint::start(0);
    let stripe = started(&endpoint);
    stripe
        .json(Method::PUT, "/sim/faults", json!({"webhooks": false}))
        .await
        .ok();
    paid(&stripe).await;
    let events = stripe
        .get("/sim/events?type=payment_intent.succeeded")
        .await
        .ok();
    assert_eq!(events.body["data"][0]["pending_webhooks"], 1);
    assert_eq!(endpoint.all().len(), 0);
    stripe
        .request(Method::DELETE, "/sim/faults")
        .send()
        .await
        .unwrap();
    endpoint.after(1).await;
}

#[tokio::test]
async fn an_endpoint_that_is_away_stops_no_payment() {
    let endpoint = Endpoint::start(0);
    let stripe = started(&endpoint);
    endpoint.server.stop(false).await;
    for _ in 0..20 {
        paid(&stripe).await;
    }
    assert_eq!(stripe.charges(), 20);
    // It comes back somewhere else.
    let other = Endpoint::start(0);
    let moved = stripe
        .json(Method::PUT, "/sim/webhook", json!({"url": other.url}))
        .await;
    assert_eq!(moved.ok().body["url"], other.url.as_str());
    other.after(20).await;
}
