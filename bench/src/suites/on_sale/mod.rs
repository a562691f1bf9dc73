//! A sale under a rush: orders for one hot ticket and for many, straight at an instance and through
//! Traefik, with the relays and all listeners running and every commit on the disk.

pub(super) mod books;
pub(super) mod offers;
mod reads;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::{Args, builder::PossibleValuesParser};
use serde_json::json;
use ticketing_contracts::ids::TicketId;

use crate::{
    load::request,
    rush::{self, Outcome, Rush},
    sessions::Sessions,
    stack::Stack,
    table::{Table, median},
};
use books::Books;

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
    /// Connections in the closed loops.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Buyers, each with a session.
    #[arg(long, default_value_t = 4_000)]
    buyers: usize,
    /// Capacity of the hot ticket.
    #[arg(long, default_value_t = 500_000)]
    capacity: i32,
    /// Different tickets in the wide sale.
    #[arg(long, default_value_t = 10_000)]
    tickets: usize,
    /// Orders a second in the open loop.
    #[arg(long, default_value_t = 2_000)]
    offered: u32,
    /// Old orders that are put into the table before a last round: 10000000, say.
    #[arg(long, default_value_t = 0)]
    old_orders: u64,
    /// Only these sides, `hot,traefik` say.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(SIDES))]
    only: Vec<String>,
}

/// The keys of all sides.
const SIDES: [&str; 7] = ["ticket", "list", "hot", "traefik", "offered", "wide", "old"];

impl Options {
    fn wants(&self, side: &Side) -> bool {
        self.only.is_empty() || self.only.iter().any(|key| key == side.key)
    }
}

/// Connections of those who only look.
const READERS: usize = 64;

/// What the rounds gave for one kind of load.
struct Side {
    name: &'static str,
    key: &'static str,
    outcomes: Vec<Outcome>,
    /// Seconds until the relay had published all of it.
    drained: Vec<f64>,
}

impl Side {
    fn new(name: &'static str, key: &'static str) -> Self {
        Self {
            name,
            key,
            outcomes: Vec::new(),
            drained: Vec::new(),
        }
    }

    fn median(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        median(self.outcomes.iter().map(figure))
    }

    fn per_second(&self) -> f64 {
        self.median(|outcome| outcome.per_second)
    }

    fn drained_seconds(&self) -> String {
        if self.drained.is_empty() {
            return String::new();
        }
        format!("{:.1}", median(self.drained.iter().copied()))
    }

    fn row(&self, table: &mut Table) {
        table.row([
            self.name.to_owned(),
            format!("{:.0}", self.per_second()),
            format!("{:.2}", self.median(|outcome| outcome.p50_ms)),
            format!("{:.2}", self.median(|outcome| outcome.p95_ms)),
            format!("{:.2}", self.median(|outcome| outcome.p99_ms)),
            self.drained_seconds(),
        ]);
    }
}

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    ensure!(
        options.old_orders > 0 || !options.only.iter().any(|key| key == "old"),
        "--only old needs --old-orders"
    );
    let secrets = options.stack.secrets()?;
    let sessions = Sessions::of(&secrets)?;
    let books = Books::open(&options.stack, &secrets).await?;
    books.run_in().await?;
    let buyers = sessions.bearers(options.buyers)?;
    let orders = options.stack.direct("orders").await?;
    let tickets = options.stack.direct("tickets").await?;
    let traefik = options.stack.traefik().to_owned();
    let seller = sessions.bearer()?;

    let wide = offers::put_up(&tickets, &seller, options.tickets, 1_000_000).await?;
    books.knows().await?;
    let shown = wide.clone();
    let wide = order_requests(&buyers, &wide);

    let mut reading = [
        Side::new("GET a ticket, direct", "ticket"),
        Side::new("GET a list of 50, direct", "list"),
    ];
    for _ in 0..options.rounds {
        let (duration, connections) = (Duration::from_secs(options.seconds), READERS);
        for (side, ids) in reading.iter_mut().zip([shown.as_slice(), &[]]) {
            if !options.wants(side) {
                continue;
            }
            let outcome = reads::look(&tickets, ids, connections, duration).await;
            side.outcomes.push(outcome.context(side.name)?);
        }
    }

    let mut sides = [
        Side::new("one hot ticket, direct", "hot"),
        Side::new("one hot ticket, Traefik", "traefik"),
        Side::new("one hot ticket, offered", "offered"),
        Side::new("many tickets, direct", "wide"),
        Side::new("one hot ticket, direct, with old orders", "old"),
    ];
    let mut oversold = 0;
    let rounds = usize::try_from(options.rounds)?;
    for round in 0..=rounds {
        let last = round == rounds;
        if last && options.old_orders == 0 {
            break;
        }
        if last {
            books.add_old_orders(options.old_orders, shown[0]).await?;
        }
        for side in &mut sides {
            if last != (side.key == "old") || !options.wants(side) {
                continue;
            }
            for _ in 0..if last { rounds } else { 1 } {
                let hot = offers::put_up(&tickets, &seller, 1, options.capacity).await?;
                books.knows().await?;
                let is_wide = side.key == "wide";
                let through = if side.key == "traefik" {
                    &traefik
                } else {
                    &orders
                };
                let rush = Rush {
                    address: through.clone(),
                    requests: if is_wide {
                        Arc::clone(&wide)
                    } else {
                        order_requests(&buyers, &hot)
                    },
                    connections: options.connections,
                    duration: Duration::from_secs(options.seconds),
                    offered: (side.key == "offered").then_some(options.offered),
                };
                let outcome = rush::run(&rush).await.context(side.name)?;
                let ended = Instant::now();
                books.drained().await?;
                side.drained.push(ended.elapsed().as_secs_f64());
                if !is_wide {
                    let stood = books.stock(hot[0]).await?;
                    let over = stood.taken - i64::from(options.capacity);
                    oversold += over.max(0);
                    ensure!(
                        stood.taken == i64::try_from(outcome.count(201))?
                            && stood.taken == stood.ordered,
                        "{} were answered 201, {} are taken, {} are in orders",
                        outcome.count(201),
                        stood.taken,
                        stood.ordered
                    );
                }
                let strange = outcome
                    .statuses
                    .keys()
                    .find(|status| ![201, 409].contains(status));
                ensure!(strange.is_none(), "{}: {:?}", side.name, outcome.statuses);
                side.outcomes.push(outcome);
            }
        }
    }

    let mut table = Table::new(["", "per second", "p50 ms", "p95 ms", "p99 ms", "drained s"]);
    let sides: Vec<_> = sides
        .iter()
        .chain(&reading)
        .filter(|side| !side.outcomes.is_empty())
        .collect();
    let mut figures = json!({"bench": "on-sale"});
    for side in &sides {
        side.row(&mut table);
        figures[format!("{}_per_s", side.key)] = json!(side.per_second().round());
        figures[format!("{}_p99_ms", side.key)] = json!(side.median(|outcome| outcome.p99_ms));
    }
    figures["orders_per_s"] = figures["hot_per_s"].clone();
    figures["p99_ms"] = figures["offered_p99_ms"].clone();
    figures["oversold"] = json!(oversold);
    let checked = books::check(&options.stack).await;
    figures["fsck"] = json!(if checked.is_ok() {
        "clean"
    } else {
        "not clean"
    });
    table.print(&figures);
    checked
}

/// A request per buyer and ticket, in turn: as many as there are of either.
fn order_requests(buyers: &[String], tickets: &[TicketId]) -> Arc<Vec<Vec<u8>>> {
    let count = buyers.len().max(tickets.len());
    let requests = (0..count).map(|number| {
        let buyer = &buyers[number % buyers.len()];
        let body = json!({"ticketId": tickets[number % tickets.len()]}).to_string();
        request("POST", "/api/orders", &[("Authorization", buyer)], &body)
    });
    Arc::new(requests.collect())
}
