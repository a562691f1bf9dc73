//! Everything dies at random moments while people order, pay, cancel and let orders expire. Afterwards what
//! they were told is true, nobody was charged for nothing, and nothing is lost, oversold or stuck.

use std::time::Duration;

use futures::future::join_all;
use rand::{
    RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use redis::AsyncCommands;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use ticketing_contracts::{
    api::orders::Order,
    ids::{OrderId, TicketId},
    order::OrderStatus,
};
use ticketing_testkit::{eventually, eventually_within};
use tokio::time::{Instant, sleep, sleep_until};

use crate::harness::{Person, RECOVERED_WITHIN, Stack, kill_at_once};

/// How long the load lasts; `E2E_FAULTS_SECONDS` makes it longer.
const LOAD: Duration = Duration::from_secs(32);
/// One fault in each of these; the last one is quiet.
const SLOT: Duration = Duration::from_secs(4);
/// A lease shorter than some payments take: money comes late, too.
const SHORT: [(&str, &str); 2] = [("HOLD", "3s"), ("LEASE", "8s")];
const SHOPPERS: usize = 12;
/// Of one shopper: a bound, whatever happens.
const MOST_ORDERS: usize = 1_000;
const CAPACITIES: [i32; 10] = [1, 1, 2, 5, 25, 100, 500, 1_000, 2_000, 5_000];

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// An instance of a service is killed.
    Service(&'static str),
    /// An engine is killed.
    Engine(&'static str),
    /// Redis forgets everything.
    Wipe,
}

const FAULTS: [Fault; 7] = [
    Fault::Service("tickets"),
    Fault::Service("orders"),
    Fault::Service("expiration"),
    Fault::Service("payments"),
    Fault::Engine("postgres"),
    Fault::Engine("redis"),
    Fault::Wipe,
];

/// What somebody was told, and so must be true ever after.
#[derive(Debug)]
struct Promise {
    buyer: Person,
    order: OrderId,
    last: Told,
}

/// The last thing that somebody was told of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It holds its tickets. What was asked for since was refused, or took effect without an answer; and
    /// it expires.
    Held,
    /// It is cancelled.
    Cancelled,
    /// It is paid.
    Paid,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_what_was_answered_is_true() {
    let stack = Stack::get();
    stack.scaled("orders", 2).await;
    stack
        .with_settings("orders", &SHORT, async || {
            let people = stack.people(SHOPPERS + 1).await;
            let (seller, buyers) = people.split_first().unwrap();
            let mut tickets = Vec::new();
            for (number, capacity) in CAPACITIES.into_iter().enumerate() {
                tickets.push(seller.sell(&format!("Fault {number}"), capacity).await.id);
            }
            let end = Instant::now() + load();
            let shoppers = buyers.iter().map(|buyer| shop(buyer, &tickets, end));
            let (promises, ()) = tokio::join!(join_all(shoppers), strike(&stack, end));
            let promises: Vec<Promise> = promises.into_iter().flatten().collect();
            assert!(promises.len() > 100, "{} orders only", promises.len());

            recovered(&stack).await;
            // Before anything has to expire.
            for promise in &promises {
                kept(promise).await;
            }
            all_is_free_again(&stack, &tickets).await;
            for promise in &promises {
                ended(&stack, promise).await;
            }
            stack.is_clean();
        })
        .await;
}

fn load() -> Duration {
    let longer = std::env::var_os("E2E_FAULTS_SECONDS");
    let seconds = longer.and_then(|seconds| seconds.to_str()?.parse().ok());
    seconds.map_or(LOAD, Duration::from_secs)
}

/// Orders, and pays some of it, cancels some; the rest expires. What fails is not asked again.
async fn shop(buyer: &Person, tickets: &[TicketId], end: Instant) -> Vec<Promise> {
    let mut promises = Vec::new();
    while Instant::now() < end && promises.len() < MOST_ORDERS {
        if let Some(order) = order(buyer, tickets).await {
            let last = match rand::rng().random_range(0..10) {
                0..2 => pay(buyer, order.id).await,
                2..6 => cancel(buyer, order.id).await,
                _ => Told::Held,
            };
            promises.push(Promise {
                buyer: buyer.clone(),
                order: order.id,
                last,
            });
        }
        let pause = rand::rng().random_range(10..80);
        sleep(Duration::from_millis(pause)).await;
    }
    promises
}

/// The order, if it was answered that there is one.
async fn order(buyer: &Person, tickets: &[TicketId]) -> Option<Order> {
    let request = buyer
        .request(Method::POST, "/api/orders")
        .json(&basket(tickets));
    let answer = request.send().await.ok()?;
    if answer.status() != StatusCode::CREATED {
        return None;
    }
    answer.json().await.ok()
}

fn basket(tickets: &[TicketId]) -> Value {
    let mut random = rand::rng();
    let count = random.random_range(1..=3);
    let chosen = tickets.sample(&mut random, count).collect::<Vec<_>>();
    let items = chosen
        .into_iter()
        .map(|ticket| json!({"ticketId": ticket, "quantity": random.random_range(1..=2)}));
    json!({"items": items.collect::<Vec<_>>()})
}

async fn cancel(buyer: &Person, order: OrderId) -> Told {
    let request = buyer.request(Method::DELETE, &format!("/api/orders/{order}"));
    match request.send().await {
        Ok(answer) if answer.status() == StatusCode::NO_CONTENT => Told::Cancelled,
        _ => Told::Held,
    }
}

/// With some cards that are declined.
async fn pay(buyer: &Person, order: OrderId) -> Told {
    let token = *["tok_visa", "tok_visa", "tok_chargeDeclined"]
        .choose(&mut rand::rng())
        .unwrap();
    match buyer.begins_to_pay(order, token).await.unwrap() {
        Ok(answer) if answer.status() == StatusCode::CREATED => Told::Paid,
        _ => Told::Held,
    }
}

/// One fault a slot, at a moment of its own; each kind once before any comes again.
async fn strike(stack: &Stack, end: Instant) {
    let mut slot = Instant::now();
    loop {
        let mut faults = FAULTS;
        faults.shuffle(&mut rand::rng());
        for fault in faults {
            if slot + SLOT > end {
                return;
            }
            let into = rand::rng().random_range(Duration::ZERO..SLOT);
            sleep_until(slot + into).await;
            cause(stack, fault).await;
            slot += SLOT;
            sleep_until(slot).await;
        }
    }
}

async fn cause(stack: &Stack, fault: Fault) {
    eventually(&format!("{fault:?} can be done"), async || match fault {
        Fault::Service(service) => {
            let pids = stack.pids_of(service);
            kill_at_once(*pids.choose(&mut rand::rng())?).then_some(())
        }
        Fault::Engine(engine) => kill_at_once(stack.pid_of_engine(engine)?).then_some(()),
        Fault::Wipe => {
            let mut redis = stack.redis().await.ok()?;
            redis.flushall::<()>().await.ok()
        }
    })
    .await;
}

/// Every job has its instances again.
async fn recovered(stack: &Stack) {
    eventually_within(RECOVERED_WITHIN, "everything runs again", async || {
        let status = stack.command(&["status"]).output().unwrap();
        status.status.success().then_some(())
    })
    .await;
}

/// Each hold ended: it was paid, or ended by its buyer, by expiration, or by one who wanted the tickets. That
/// takes in orders whose 201 never arrived.
async fn all_is_free_again(stack: &Stack, tickets: &[TicketId]) {
    for ticket in tickets {
        let what = format!("ticket {ticket} is shown free");
        eventually_within(RECOVERED_WITHIN, &what, async || {
            let shown = stack.ticket(*ticket).await;
            (shown.held == 0 && shown.available == shown.capacity - shown.sold).then_some(())
        })
        .await;
    }
}

/// The order is there, and one that was cancelled or paid stays so. If orders was away when a payment
/// succeeded, it hears of it later.
async fn kept(promise: &Promise) {
    if promise.last == Told::Paid {
        promise.buyer.sees_complete(promise.order).await;
        return;
    }
    let order = promise.buyer.shows(promise.order).await;
    let cancelled = order.status == OrderStatus::Cancelled;
    assert!(promise.last == Told::Held || cancelled, "{promise:?}");
}

/// Nobody holds anything any more: the tickets are paid for, once, or nothing is. Money that comes when the
/// order was just cancelled completes it after all, or goes back.
async fn ended(stack: &Stack, promise: &Promise) {
    kept(promise).await;
    let what = format!("{promise:?} has ended");
    eventually_within(RECOVERED_WITHIN, &what, async || {
        let order = promise.buyer.shows(promise.order).await;
        let intent = stack.simulator().intent(promise.order).await;
        let (charges, charged, refunded) = intent.map_or((0, 0, 0), |intent| {
            let charged = i64::from(intent.charges) * intent.amount;
            (intent.charges, charged, intent.refunded)
        });
        assert!(charges <= 1, "{promise:?}");
        let ended = match order.status {
            OrderStatus::Complete => charges == 1 && refunded == 0,
            OrderStatus::Cancelled => refunded == charged,
            _ => false,
        };
        ended.then_some(())
    })
    .await;
}
