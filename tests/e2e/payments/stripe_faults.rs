//! Stripe fails, and the buyer is told what to do next: nobody is charged twice, and no hold is kept for
//! ever.

use futures::future::join_all;
use reqwest::{Response, StatusCode, header};
use serde_json::json;
use ticketing_contracts::{
    api::{orders::Order, problem::ProblemBody},
    order::OrderStatus,
};

use crate::harness::{Fault, Person, Stack, expect};

/// Nobody waits for ten seconds here.
const IMPATIENT: [(&str, &str); 1] = [("STRIPE_TIMEOUT", "4s")];

async fn order(stack: &Stack) -> (Person, Order) {
    let people = stack.people(2).await;
    let ticket = people[0].sell("Unlucky", 1).await;
    let buyer = people[1].clone();
    let order = buyer.gets(ticket.id, 1).await;
    (buyer, order)
}

/// What a 503 says; when to ask again is in its header.
async fn told(answer: Response) -> String {
    let answer = expect(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    let problem: ProblemBody = answer.json().await.unwrap();
    problem.errors[0].message.clone()
}

/// Payable again at once: nothing is kept that was not charged.
async fn is_payable(stack: &Stack, buyer: &Person, order: &Order) {
    buyer
        .sees(order.id, "payable again", |order| {
            order.status == OrderStatus::Created
        })
        .await;
    assert_eq!(stack.simulator().charges(order.id).await, 0);
    buyer.paid(order.id, "tok_visa").await;
    is_paid_once(stack, buyer, order).await;
}

async fn is_paid_once(stack: &Stack, buyer: &Person, order: &Order) {
    buyer.sees_complete(order.id).await;
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, 0));
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_no_more_requests() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let refused = Fault::confirming(order.id, "rate-limit");
    stack
        .simulator()
        .with_faults(refused.once(), async || {
            let said = told(buyer.pays(order.id, "tok_visa").await).await;
            assert!(said.contains("Nothing was charged: try again"), "{said}");
        })
        .await;
    is_payable(&stack, &buyer, &order).await;
}

/// It is asked what it has, and knows.
#[tokio::test(flavor = "multi_thread")]
async fn it_fails_after_it_has_charged() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let failed = Fault::confirming(order.id, "error-after");
    stack
        .simulator()
        .with_faults(failed.once_untold(), async || {
            buyer.paid(order.id, "tok_visa").await;
        })
        .await;
    is_paid_once(&stack, &buyer, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_closes_the_connection_after_it_has_charged() {
    let stack = Stack::get();
    let (buyer, order) = order(&stack).await;
    let dropped = Fault::confirming(order.id, "drop-after");
    stack
        .simulator()
        .with_faults(dropped.once_untold(), async || {
            let said = told(buyer.pays(order.id, "tok_visa").await).await;
            assert!(said.contains("Don't pay again"), "{said}");
            // Whoever does so all the same is not charged again.
            let again = buyer.pays(order.id, "tok_visa").await;
            assert_eq!(again.status(), StatusCode::CONFLICT);
            assert_eq!(stack.simulator().charges(order.id).await, 1);
        })
        .await;
    is_paid_once(&stack, &buyer, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fails_or_hangs_and_nobody_knows() {
    let stack = Stack::get();
    stack
        .with_settings("payments", &IMPATIENT, async || {
            let (first, failed) = order(&stack).await;
            let fails = Fault::confirming(failed.id, "error-before");
            let (second, hung) = order(&stack).await;
            let hangs = Fault::confirming(hung.id, "hang");
            let mut faults = fails.once_untold();
            faults["rules"]
                .as_array_mut()
                .unwrap()
                .extend(hangs.once()["rules"].as_array().unwrap().clone());
            stack
                .simulator()
                .with_faults(faults, async || {
                    let answers = tokio::join!(
                        first.pays(failed.id, "tok_visa"),
                        second.pays(hung.id, "tok_visa")
                    );
                    for answer in [answers.0, answers.1] {
                        let said = told(answer).await;
                        assert!(said.contains("Don't pay again"), "{said}");
                    }
                    // No webhook tells it: it is asked for.
                    second.sees_complete(hung.id).await;
                })
                .await;
            is_payable(&stack, &first, &failed).await;
            is_paid_once(&stack, &second, &hung).await;
        })
        .await;
    stack.is_clean();
}

/// As many payments as hang for thirty seconds: the next one does not wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_not_slowed_while_it_hangs() {
    const HUNG: usize = 10;
    let stack = Stack::get();
    let mut orders = Vec::new();
    for _ in 0..HUNG {
        orders.push(order(&stack).await);
    }
    let rules: Vec<_> = orders
        .iter()
        .map(|(_, order)| Fault::confirming(order.id, "hang").once()["rules"][0].clone())
        .collect();
    let faults = json!({"rules": rules, "webhooks": false});
    let (buyer, order) = order(&stack).await;
    stack
        .simulator()
        .with_faults(faults, async || {
            let hung: Vec<_> = orders
                .iter()
                .map(|(buyer, order)| buyer.begins_to_pay(order.id, "tok_visa"))
                .collect();
            for (_, order) in &orders {
                stack.simulator().charged(order.id).await;
            }
            buyer.paid(order.id, "tok_visa").await;
            let status = stack.get_path("/api/payments/config").await.status();
            assert_eq!(status, StatusCode::OK);
            assert!(
                hung.iter().all(|paying| !paying.is_finished()),
                "they hang meanwhile"
            );
            for answer in join_all(hung).await {
                let said = told(answer.unwrap().unwrap()).await;
                assert!(said.contains("Don't pay again"), "{said}");
            }
        })
        .await;
    for (buyer, order) in &orders {
        is_paid_once(&stack, buyer, order).await;
    }
    stack.is_clean();
}
