//! Orders of several tickets that ask for them in opposite orders, while others are cancelled: what
//! deadlocks when locks are taken as they come.

use std::collections::HashMap;

use futures::stream::{self, StreamExt};
use rand::{RngExt, seq::SliceRandom};
use reqwest::StatusCode;
use serde_json::{Value, json};
use ticketing_contracts::{api::orders::Order, ids::TicketId};

use crate::harness::{Person, Stack};

const TICKETS: usize = 6;
const ORDERS: usize = 600;
const AT_ONCE: usize = 100;

/// Some of the tickets, in any order.
fn basket(tickets: &[TicketId]) -> Value {
    let mut random = rand::rng();
    let mut tickets = tickets.to_vec();
    tickets.shuffle(&mut random);
    tickets.truncate(random.random_range(2..=TICKETS));
    let items = tickets.into_iter().map(|ticket| {
        let quantity: i32 = random.random_range(1..=2);
        json!({"ticketId": ticket, "quantity": quantity})
    });
    json!({"items": items.collect::<Vec<_>>()})
}

/// Places an order; every third buyer thinks better of it.
async fn place(number: usize, buyer: &Person, body: Value) -> Option<Order> {
    let answer = buyer.post("/api/orders", &body).await;
    match answer.status() {
        StatusCode::CREATED => {
            let order: Order = answer.json().await.unwrap();
            if number.is_multiple_of(3) {
                assert_eq!(buyer.cancels(order.id).await, StatusCode::NO_CONTENT);
                return None;
            }
            Some(order)
        }
        StatusCode::CONFLICT => None,
        other => panic!("{other}: {}", answer.text().await.unwrap_or_default()),
    }
}

/// How often Postgres' log tells of one: other tests may have had theirs.
fn deadlocks(stack: &Stack) -> usize {
    let log = stack.stack(&["logs", "postgres"]);
    log.matches("deadlock detected").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_all_answered_and_the_sums_are_right() {
    let stack = Stack::get();
    stack.scaled("orders", 2).await;
    let people = stack.people(21).await;
    let (seller, buyers) = people.split_first().unwrap();
    let mut tickets = Vec::new();
    for number in 0..TICKETS {
        // Some run out on the way: then the whole order is refused.
        let capacity = 150 + 150 * i32::try_from(number).unwrap();
        tickets.push(
            seller
                .sell(&format!("Crossing {number}"), capacity)
                .await
                .id,
        );
    }

    let before = deadlocks(&stack);
    let orders = stream::iter(0..ORDERS)
        .map(|number| place(number, &buyers[number % buyers.len()], basket(&tickets)))
        .buffer_unordered(AT_ONCE);
    let orders: Vec<Option<Order>> = orders.collect().await;

    let mut held: HashMap<TicketId, i32> = tickets.iter().map(|ticket| (*ticket, 0)).collect();
    for item in orders.iter().flatten().flat_map(|order| &order.items) {
        *held.get_mut(&item.ticket_id).unwrap() += item.quantity;
    }
    for (ticket, held) in held {
        let shown = stack
            .shown(ticket, "held", |shown| shown.held == held)
            .await;
        assert!(shown.held <= shown.capacity);
    }
    assert_eq!(deadlocks(&stack), before, "deadlocks, by Postgres' log");
}
