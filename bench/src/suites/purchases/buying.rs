//! Buyers who order, pay, and look until the order is theirs: each with a connection to either service.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use ticketing_contracts::{
    api::payments::PaymentStatus,
    ids::{OrderId, TicketId},
    order::OrderStatus,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

use crate::load::{request, whole_answer};

/// An answer, or a completion, that takes longer ends the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at an order that is not complete yet.
const LOOK: Duration = Duration::from_millis(5);

/// What a buyer pays with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Card {
    /// What Stripe's script has made of a card in the browser: what the pages send.
    PaymentMethod,
    /// A token, of which payments has Stripe make a payment method first: what the course's client sends.
    Token,
}

impl Card {
    fn payment(self, order: OrderId) -> serde_json::Value {
        match self {
            Self::PaymentMethod => json!({"orderId": order, "paymentMethodId": "pm_card_visa"}),
            Self::Token => json!({"orderId": order, "token": "tok_visa"}),
        }
    }
}

/// Who buys what where.
#[derive(Clone)]
pub struct Sale {
    /// `host:port` of orders.
    pub orders: String,
    /// Of payments.
    pub payments: String,
    /// Sessions, in turn.
    pub buyers: Arc<Vec<String>>,
    /// What is bought, in turn.
    pub tickets: Arc<Vec<TicketId>>,
    /// By what.
    pub card: Card,
    /// So many buy at a time.
    pub at_once: usize,
    /// How long it is measured, after a tenth of that to warm up.
    pub duration: Duration,
    /// So many purchases are due each second; `None`: as many as there can be.
    pub offered: Option<u32>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Purchases within the measured time.
    pub per_second: f64,
    /// From ordering, or from when it was due, until complete.
    pub purchase: Times,
    /// Of the payment's request alone.
    pub payment: Times,
    /// From the payment's answer until the order says that it is complete.
    pub completion: Times,
    /// All, those of the warm-up as well.
    pub bought: u64,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

#[derive(Deserialize)]
struct Placed {
    id: OrderId,
}

#[derive(Deserialize)]
struct Paid {
    status: PaymentStatus,
}

#[derive(Deserialize)]
struct Shown {
    status: OrderStatus,
}

struct Seen {
    purchase: Histogram<u64>,
    payment: Histogram<u64>,
    completion: Histogram<u64>,
    bought: u64,
}

impl Seen {
    fn nothing() -> anyhow::Result<Self> {
        Ok(Self {
            purchase: Histogram::new(3)?,
            payment: Histogram::new(3)?,
            completion: Histogram::new(3)?,
            bought: 0,
        })
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.purchase.add(&other.purchase)?;
        self.payment.add(&other.payment)?;
        self.completion.add(&other.completion)?;
        self.bought += other.bought;
        Ok(())
    }
}

/// Connections that stay open.
struct Till {
    orders: TcpStream,
    payments: TcpStream,
    buffer: Vec<u8>,
}

/// Lets them buy.
pub async fn run(sale: &Sale) -> anyhow::Result<Outcome> {
    let begin = Instant::now();
    let warm = begin + sale.duration / 10;
    let end = warm + sale.duration;
    let mut tasks = JoinSet::new();
    for number in 0..sale.at_once {
        tasks.spawn(one_after_the_other(
            sale.clone(),
            number,
            [begin, warm, end],
        ));
    }
    let mut seen = Seen::nothing()?;
    while let Some(one) = tasks.join_next().await {
        seen.add(&one??)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let per_second = seen.purchase.len() as f64 / sale.duration.as_secs_f64();
    Ok(Outcome {
        per_second,
        purchase: times(&seen.purchase),
        payment: times(&seen.payment),
        completion: times(&seen.completion),
        bought: seen.bought,
    })
}

fn times(latencies: &Histogram<u64>) -> Times {
    let ms = |quantile| {
        let micros = latencies.value_at_quantile(quantile);
        Duration::from_micros(micros).as_secs_f64() * 1e3
    };
    Times {
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
    }
}

async fn one_after_the_other(
    sale: Sale,
    number: usize,
    [begin, warm, end]: [Instant; 3],
) -> anyhow::Result<Seen> {
    let mut till = Till::open(&sale).await?;
    let mut seen = Seen::nothing()?;
    for turn in 0.. {
        let place = number + turn * sale.at_once;
        let due = match sale.offered {
            None => Instant::now(),
            Some(per_second) => begin + Duration::from_secs(1) * u32::try_from(place)? / per_second,
        };
        if due >= end {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let buyer = &sale.buyers[place % sale.buyers.len()];
        let ticket = sale.tickets[place % sale.tickets.len()];
        let [asked, paid, complete] = till.buy(buyer, ticket, sale.card).await?;
        seen.bought += 1;
        if due >= warm && complete < end {
            let micros = |length: Duration| u64::try_from(length.as_micros());
            seen.purchase.record(micros(complete - due)?)?;
            seen.payment.record(micros(paid - asked)?)?;
            seen.completion.record(micros(complete - paid)?)?;
        }
    }
    Ok(seen)
}

impl Till {
    async fn open(sale: &Sale) -> anyhow::Result<Self> {
        let (orders, payments) = tokio::try_join!(
            TcpStream::connect(&sale.orders),
            TcpStream::connect(&sale.payments)
        )?;
        orders.set_nodelay(true)?;
        payments.set_nodelay(true)?;
        Ok(Self {
            orders,
            payments,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// A whole purchase; when the payment was asked for, when it was answered, and when the order was seen
    /// to be complete.
    async fn buy(
        &mut self,
        buyer: &str,
        ticket: TicketId,
        card: Card,
    ) -> anyhow::Result<[Instant; 3]> {
        let Self {
            orders,
            payments,
            buffer,
        } = self;
        let headers = [("Authorization", buyer)];
        let body = json!({"ticketId": ticket}).to_string();
        let order = request("POST", "/api/orders", &headers, &body);
        let Placed { id } = ask(orders, buffer, &order, 201).await.context("to order")?;
        let body = card.payment(id).to_string();
        let payment = request("POST", "/api/payments", &headers, &body);
        let asked = Instant::now();
        let Paid { status } = ask(payments, buffer, &payment, 201)
            .await
            .context("to pay")?;
        let paid = Instant::now();
        ensure!(
            status == PaymentStatus::Succeeded,
            "paid, and it is {status:?}"
        );
        let look = request("GET", &format!("/api/orders/{id}"), &headers, "");
        loop {
            let Shown { status } = ask(orders, buffer, &look, 200).await.context("to look")?;
            let seen = Instant::now();
            if status == OrderStatus::Complete {
                return Ok([asked, paid, seen]);
            }
            ensure!(
                seen - paid < PATIENCE,
                "order {id} was paid and is {status:?}"
            );
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn ask<T: DeserializeOwned>(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    request: &[u8],
    expected: u16,
) -> anyhow::Result<T> {
    stream.write_all(request).await?;
    let answer = timeout(PATIENCE, whole_answer(stream, buffer)).await;
    let (status, body) = answer.context("there was no answer")??;
    ensure!(
        status == expected,
        "the answer was {status}: {}",
        String::from_utf8_lossy(body)
    );
    Ok(serde_json::from_slice(body)?)
}
