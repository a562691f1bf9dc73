//! Whatever is asked or told how often: one charge, and one payment:created.

use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use ticketing_contracts::{
    api::{orders::Order, payments::Payment},
    ids::OrderId,
};
use ticketing_testkit::eventually;

use crate::harness::{Fault, Person, Stack, expect};

async fn order(stack: &Stack) -> (Person, Order) {
    let people = stack.people(2).await;
    let ticket = people[0].sell("Once more", 1).await;
    let buyer = people[1].clone();
    let order = buyer.gets(ticket.id, 1).await;
    (buyer, order)
}

async fn was_charged_once(stack: &Stack, buyer: &Person, order: OrderId) {
    buyer.sees_complete(order).await;
    let intent = stack.simulator().intent(order).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, 0));
    assert_eq!(stack.told(order, "payment:created").await, 1);
}

/// At two instances, neither of which knows what the other is at.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_at_once() {
    let stack = Stack::get();
    stack.scaled("payments", 2).await;
    let (buyer, order) = order(&stack).await;
    let answers = join_all((0..20).map(|_| buyer.pays(order.id, "tok_visa"))).await;
    let (paid, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .map(Response::status)
        .partition(|status| *status == StatusCode::CREATED);
    assert_eq!(paid.len(), 1, "{refused:?}");
    let conflicts = refused.iter().all(|status| *status == StatusCode::CONFLICT);
    assert!(conflicts, "{refused:?}");
    was_charged_once(&stack, &buyer, order.id).await;
    stack.scaled("payments", 1).await;
}

/// A double click by a client that gives its request a key: as soon as the first is answered, so are all.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_payment() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let post = async || {
        let body = json!({"orderId": order.id, "token": "tok_visa"});
        let request = buyer.request(Method::POST, "/api/payments").json(&body);
        request
            .header("idempotency-key", "click-1")
            .send()
            .await
            .unwrap()
    };
    for answer in join_all((0..20).map(|_| post())).await {
        let known = [StatusCode::CREATED, StatusCode::CONFLICT];
        assert!(known.contains(&answer.status()), "{}", answer.status());
    }
    let again = expect(post().await, StatusCode::CREATED).await;
    let again: Payment = again.json().await.unwrap();
    assert_eq!(again.order_id, order.id);
    was_charged_once(&stack, &buyer, order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_twenty_times() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let payment = buyer.paid(order.id, "tok_visa").await;
    let intent = payment.stripe_id.unwrap();
    stack
        .simulator()
        .tell_again(&intent, "payment_intent.succeeded", 20)
        .await;
    was_charged_once(&stack, &buyer, order.id).await;
    let after = buyer.payment_of(order.id).await.unwrap();
    assert_eq!(after.version, payment.version, "nothing happened to it");
}

/// Stripe has told of the success, and everybody knows of it, before the request is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_before_the_answer() {
    let stack = Stack::get();
    // One that is answered before anybody has looked shows nothing.
    let (buyer, order) = eventually("the webhook comes first", async || {
        let (buyer, order) = order(&stack).await;
        let slow = Fault {
            seconds: 5,
            ..Fault::confirming(order.id, "hang")
        };
        let mut is_first = false;
        stack
            .simulator()
            .with_faults(slow.once(), async || {
                let paying = buyer.begins_to_pay(order.id, "tok_visa");
                buyer.sees_complete(order.id).await;
                is_first = !paying.is_finished();
                let answer = paying.await.unwrap().unwrap();
                expect(answer, StatusCode::CREATED).await;
            })
            .await;
        is_first.then_some((buyer, order))
    })
    .await;
    was_charged_once(&stack, &buyer, order.id).await;
}
