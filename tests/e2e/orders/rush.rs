//! Many buyers at once, through Traefik, at two instances of orders.

use futures::stream::{self, StreamExt};
use rand::RngExt;
use reqwest::StatusCode;
use ticketing_contracts::{api::orders::Order, api::tickets::Ticket};
use ticketing_testkit::eventually;

use crate::harness::{Person, Stack, problem};

/// Requests in flight.
const AT_ONCE: usize = 500;

/// What a buyer was told.
#[derive(Debug)]
enum Told {
    Here(Order),
    No(String),
}

/// Everybody wants what they want; in no order.
async fn rush(ticket: &Ticket, wishes: Vec<(&Person, i32)>) -> Vec<(i32, Told)> {
    let answers = stream::iter(wishes).map(async |(buyer, quantity)| {
        let answer = buyer.order(ticket.id, quantity).await;
        let told = match answer.status() {
            StatusCode::CREATED => Told::Here(answer.json().await.unwrap()),
            StatusCode::CONFLICT => Told::No(problem(answer).await),
            other => panic!("{other}: {}", answer.text().await.unwrap_or_default()),
        };
        (quantity, told)
    });
    answers.buffer_unordered(AT_ONCE).collect().await
}

/// How many orders each of the two instances has been asked for.
async fn shares(stack: &Stack) -> Vec<u64> {
    eventually("two instances tell what they were asked for", async || {
        let mut instances = stack.passing("orders-admin").await;
        instances.sort_unstable();
        let mut shares = Vec::new();
        for admin in instances {
            shares.push(stack.answered(&admin, r#"route="/api/orders""#).await?);
        }
        (shares.len() == 2).then_some(shares)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_five_hundred_gets_the_only_ticket() {
    let stack = Stack::get();
    stack.scaled("orders", 2).await;
    let people = stack.people(501).await;
    let (seller, buyers) = people.split_first().unwrap();
    let ticket = seller.sell("The only one", 1).await;
    let before = shares(&stack).await;

    let answers = rush(&ticket, buyers.iter().map(|buyer| (buyer, 1)).collect()).await;

    let mut winners = Vec::new();
    let mut refused = 0;
    for (_, told) in answers {
        match told {
            Told::Here(order) => winners.push(order.id),
            Told::No(reason) => {
                assert_eq!(reason, "Ticket is already reserved");
                refused += 1;
            }
        }
    }
    assert_eq!((winners.len(), refused), (1, 499));
    let after = shares(&stack).await;
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before < after),
        "both instances took part: {before:?}, {after:?}"
    );
    let shown = stack
        .shown(ticket.id, "held", |shown| shown.held == 1)
        .await;
    assert_eq!(shown.order_id, Some(winners[0]));
}

/// Nobody lets go meanwhile: what is left only shrinks. So whoever was refused wanted more than was left
/// at that moment, and more than is left at the end.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_seats_are_not_sold_twice_and_none_is_withheld() {
    const SEATS: i32 = 300;
    let stack = Stack::get();
    stack.scaled("orders", 2).await;
    let people = stack.people(2001).await;
    let (seller, buyers) = people.split_first().unwrap();
    let ticket = seller.sell("Three hundred seats", SEATS).await;
    let mut random = rand::rng();
    let wishes = buyers
        .iter()
        .map(|buyer| (buyer, random.random_range(1..=6)));

    let answers = rush(&ticket, wishes.collect()).await;

    let granted = answers
        .iter()
        .filter(|(_, told)| matches!(told, Told::Here(_)));
    let held: i32 = granted.map(|(quantity, _)| quantity).sum();
    assert!(held <= SEATS, "{held} of {SEATS} are held");
    let left = SEATS - held;
    for (quantity, told) in &answers {
        if let Told::No(reason) = told {
            assert!(
                *quantity > left,
                "{quantity} were refused ({reason}) and {left} are left"
            );
            assert!(
                left_by(reason).is_none_or(|left| left < *quantity),
                "{quantity} were refused: {reason}"
            );
        }
    }
    // Two thousand wishes: even those for one seat alone are more than there are.
    assert_eq!(left, 0);
    let shown = stack
        .shown(ticket.id, "held", |shown| shown.held == held)
        .await;
    assert_eq!((shown.capacity, shown.available), (SEATS, 0));
}

/// `Only 3 left`
fn left_by(reason: &str) -> Option<i32> {
    reason
        .strip_prefix("Only ")?
        .strip_suffix(" left")?
        .parse()
        .ok()
}
