//! The whole purchase, straight at the services: order, pay at the simulator, complete. With the relays,
//! all listeners and the simulator's webhooks running, and every commit on the disk.

mod buying;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use ticketing_contracts::api::payments::PaymentConfig;

use super::on_sale::{
    books::{self, Books},
    offers,
};
use crate::{
    sessions::Sessions,
    stack::Stack,
    table::{Table, median},
};
use buying::{Card, Outcome, Sale, Times};

/// How much to measure.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    stack: Stack,
    /// Seconds per side and round.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// What buyers pay with.
    #[arg(long, value_enum, default_value_t = Card::PaymentMethod)]
    card: Card,
    /// Buyers at a time in the closed loop.
    #[arg(long, default_value_t = 128)]
    at_once: usize,
    /// Buyers, each with a session.
    #[arg(long, default_value_t = 4_000)]
    buyers: usize,
    /// Different tickets.
    #[arg(long, default_value_t = 10)]
    tickets: usize,
    /// Purchases a second in the open loop.
    #[arg(long, default_value_t = 100)]
    offered: u32,
}

/// Of each ticket: more than can be bought.
const CAPACITY: i32 = 1_000_000;

/// What the rounds gave for one kind of load.
struct Side {
    name: String,
    offered: Option<u32>,
    outcomes: Vec<Outcome>,
}

impl Side {
    fn new(name: impl Into<String>, offered: Option<u32>) -> Self {
        Self {
            name: name.into(),
            offered,
            outcomes: Vec::new(),
        }
    }

    fn median(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        median(self.outcomes.iter().map(figure))
    }

    fn row(&self, table: &mut Table) {
        let ms = |figure: fn(&Outcome) -> f64| format!("{:.1}", self.median(figure));
        table.row([
            self.name.clone(),
            format!("{:.0}", self.median(|outcome| outcome.per_second)),
            ms(|outcome| outcome.purchase.p50_ms),
            ms(|outcome| outcome.purchase.p99_ms),
            ms(|outcome| outcome.payment.p50_ms),
            ms(|outcome| outcome.payment.p99_ms),
            ms(|outcome| outcome.completion.p50_ms),
            ms(|outcome| outcome.completion.p99_ms),
        ]);
    }
}

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let secrets = options.stack.secrets()?;
    let sessions = Sessions::of(&secrets)?;
    let books = Books::open(&options.stack, &secrets).await?;
    books.run_in().await?;
    let payments = options.stack.direct("payments").await?;
    is_simulated(&payments).await?;
    let tickets = options.stack.direct("tickets").await?;
    let seller = sessions.bearer()?;
    let tickets = offers::put_up(&tickets, &seller, options.tickets, CAPACITY).await?;
    books.knows().await?;
    let sale = Sale {
        orders: options.stack.direct("orders").await?,
        payments,
        buyers: Arc::new(sessions.bearers(options.buyers)?),
        tickets: Arc::new(tickets),
        card: options.card,
        at_once: options.at_once,
        duration: Duration::from_secs(options.seconds),
        offered: None,
    };

    let mut closed = Side::new("as many as there can be", None);
    let mut open = Side::new(
        format!("{} a second", options.offered),
        Some(options.offered),
    );
    let mut bought = books.complete().await?;
    for _ in 0..options.rounds {
        for side in [&mut closed, &mut open] {
            let sale = Sale {
                offered: side.offered,
                ..sale.clone()
            };
            let outcome = buying::run(&sale).await.context(side.name.clone())?;
            bought += outcome.bought;
            books.drained().await?;
            side.outcomes.push(outcome);
        }
    }
    let complete = books.complete().await?;
    ensure!(
        complete == bought,
        "{bought} were bought, {complete} orders are complete"
    );

    let mut table = Table::new([
        "",
        "per second",
        "purchase p50 ms",
        "p99 ms",
        "payment p50 ms",
        "p99 ms",
        "until complete p50 ms",
        "p99 ms",
    ]);
    closed.row(&mut table);
    open.row(&mut table);
    books::check(&options.stack).await?;
    let p99 =
        |side: &Side, times: fn(&Outcome) -> Times| side.median(|outcome| times(outcome).p99_ms);
    table.print(&json!({
        "bench": "purchases",
        "purchases_per_s": closed.median(|outcome| outcome.per_second).round(),
        "p99_ms": p99(&open, |outcome| outcome.completion),
        "offered_per_s": open.median(|outcome| outcome.per_second).round(),
        "offered_purchase_p99_ms": p99(&open, |outcome| outcome.purchase),
        "offered_payment_p99_ms": p99(&open, |outcome| outcome.payment),
        "purchase_p99_ms": p99(&closed, |outcome| outcome.purchase),
        "complete": complete,
        "fsck": "clean",
    }));
    Ok(())
}

/// Nobody's card is charged for a measurement.
async fn is_simulated(payments: &str) -> anyhow::Result<()> {
    let url = format!("http://{payments}/api/payments/config");
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    let config: PaymentConfig = client.get(url).send().await?.json().await?;
    ensure!(config.simulated, "payments are not simulated on this stack");
    Ok(())
}
