//! The pages under a rush: the home page as fast as it goes, thousands of browsers that are told of a change
//! at once, and what a browser has to load before it shows the first page.

mod audience;
mod first_view;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use super::on_sale::{books::Books, offers};
use crate::{
    load::request,
    rush::{self, Outcome, Rush},
    sessions::Sessions,
    stack::Stack,
    table::{Table, median},
};

/// How much to measure.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    stack: Stack,
    /// Seconds per round of the home page.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds, of the home page and of changes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Connections that ask for the home page, one after the other.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Browsers that listen at one instance.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=15_000))]
    browsers: u32,
}

/// On the home page.
const OFFERS: usize = 50;
/// Of each: more than is held here.
const CAPACITY: i32 = 1_000;

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let secrets = options.stack.secrets()?;
    let sessions = Sessions::of(&secrets)?;
    let books = Books::open(&options.stack, &secrets).await?;
    let tickets = options.stack.direct("tickets").await?;
    let shown = offers::put_up(&tickets, &sessions.bearer()?, OFFERS, CAPACITY).await?;
    books.knows().await?;
    let web = options.stack.direct("web").await?;

    let first_view = first_view::load(options.stack.traefik()).await?;
    let mut home = Vec::new();
    for _ in 0..options.rounds {
        home.push(look(&web, &options).await.context("the home page")?);
    }
    let audience = audience::Audience {
        web,
        admin: options.stack.direct("web-admin").await?,
        orders: options.stack.direct("orders").await?,
        buyers: sessions.bearers(usize::try_from(options.rounds)?)?,
        tickets: shown,
        browsers: usize::try_from(options.browsers)?,
    };
    let heard = audience.hears().await.context("server-sent events")?;

    let of_home = |figure: fn(&Outcome) -> f64| median(home.iter().map(figure));
    let (per_s, p99) = (of_home(|o| o.per_second), of_home(|o| o.p99_ms));
    let last = |quantile| heard.lateness(quantile);
    let mut table = Table::new(["", ""]);
    table.row(["home page per second, direct".into(), format!("{per_s:.0}")]);
    table.row([
        "home page p50 ms".into(),
        format!("{:.1}", of_home(|o| o.p50_ms)),
    ]);
    table.row(["home page p99 ms".into(), format!("{p99:.1}")]);
    table.row(["browsers that listen".into(), options.browsers.to_string()]);
    table.row(["memory MB before".into(), format!("{:.0}", heard.before_mb)]);
    table.row([
        "memory MB with them".into(),
        format!("{:.0}", heard.memory_mb),
    ]);
    table.row(["told p50 ms".into(), format!("{:.0}", last(0.5))]);
    table.row(["told p99 ms".into(), format!("{:.0}", last(0.99))]);
    table.row(["told all ms".into(), format!("{:.0}", last(1.0))]);
    for (name, bytes) in &first_view.files {
        table.row([format!("first view: {name}"), bytes.to_string()]);
    }
    let total = first_view.total();
    table.row(["first view bytes".into(), total.to_string()]);
    table.print(&json!({
        "bench": "pages",
        "home_per_s": per_s.round(),
        "home_p99_ms": p99,
        "browsers": options.browsers,
        "memory_mb": heard.memory_mb.round(),
        "told_p99_ms": last(0.99),
        "told_all_ms": last(1.0),
        "first_view_bytes": total,
    }));
    Ok(())
}

/// The home page, over and over.
async fn look(web: &str, options: &Options) -> anyhow::Result<Outcome> {
    let rush = Rush {
        address: web.to_owned(),
        requests: Arc::new(vec![request("GET", "/", &[("Accept-Language", "en")], "")]),
        connections: options.connections,
        duration: Duration::from_secs(options.seconds),
        offered: None,
    };
    let outcome = rush::run(&rush).await?;
    let good = outcome.count(200);
    ensure!(
        outcome.statuses.len() == 1 && good > 0,
        "{:?}",
        outcome.statuses
    );
    Ok(outcome)
}
