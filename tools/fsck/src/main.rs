//! `fsck`: exit code 0 when everything holds, 1 when something does not, 2 when that can't be told.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use fsck::{config::Config, report::Report, run::Options};
use ticketing_runtime::settings::parse_duration;

#[derive(Parser)]
#[command(
    about = "Proves that nothing is lost, oversold or stuck. Settings come from the environment."
)]
struct Arguments {
    /// What holds at rest only is given this long to become true: 500ms, 30s, 5m.
    #[arg(long, default_value = "30s", value_parser = duration)]
    wait: Duration,
    /// Look only at what holds whatever runs.
    #[arg(long, conflicts_with = "at_rest")]
    live: bool,
    /// Look at what holds at rest as well; the default.
    #[arg(long)]
    at_rest: bool,
    /// A dead letter that is no breach, such as orders/12; may be repeated.
    #[arg(long, value_name = "SERVICE/ID")]
    explained: Vec<String>,
    /// The payment simulator's URL, to compare what it has charged; its key is STRIPE_KEY.
    #[arg(long, value_name = "URL")]
    simulator: Option<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "not a length of time such as 500ms, 30s or 5m".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    let outcome = match check(arguments).await {
        Ok(report) => print(&report, json).map(|()| u8::from(!report.is_clean())),
        Err(error) => Err(error),
    };
    outcome.map_or_else(
        |error| {
            _ = writeln!(io::stderr(), "fsck can't tell: {error:#}");
            ExitCode::from(2)
        },
        ExitCode::from,
    )
}

async fn check(arguments: Arguments) -> anyhow::Result<Report> {
    let config = Config::from_env(arguments.simulator)?;
    let options = Options {
        at_rest: !arguments.live,
        wait: arguments.wait,
        explained: arguments.explained,
        ..Options::default()
    };
    let progress = |text: &str| _ = writeln!(io::stderr(), "{text}");
    fsck::run(&config, &options, progress).await
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(())
}
