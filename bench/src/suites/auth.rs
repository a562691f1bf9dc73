//! Sessions and sign-ins.
//!
//! All sides run in turn, round by round, so that a machine that is slower for a minute is so for
//! every side; figures are medians over the rounds.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Args;
use serde_json::json;

use crate::{
    hello::Hello,
    load::{self, Figures, Load, request},
    stack::Stack,
    table::{Table, median},
};

/// How much to measure.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    stack: Stack,
    /// Seconds per side and round.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Seconds per round for sign-ins and for bare argon2: some 60 a second on two cores, so that
    /// a short round says little.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=60))]
    sign_in_seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Connections for everything but sign-ins.
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

/// The account that signs in.
const CREDENTIALS: &str = r#"{"email":"bench@example.com","password":"correct horse battery"}"#;

/// Sign-ins in flight: enough to keep every hashing thread busy, few enough to fit its queue.
const SIGN_INS: usize = 8;

/// What the rounds gave for one side.
#[derive(Default)]
struct Side(Vec<Figures>);

impl Side {
    fn per_second(&self) -> f64 {
        median(self.0.iter().map(|figures| figures.per_second))
    }

    fn p50_ms(&self) -> f64 {
        median(self.0.iter().map(|figures| figures.p50_ms))
    }

    fn p99_ms(&self) -> f64 {
        median(self.0.iter().map(|figures| figures.p99_ms))
    }

    fn row(&self, table: &mut Table, name: &str, beside: f64) {
        table.row([
            name.to_owned(),
            format!("{:.0}", self.per_second()),
            format!("{:.2}", self.p50_ms()),
            format!("{:.2}", self.p99_ms()),
            format!("{:.2}", self.per_second() / beside),
        ]);
    }
}

/// Runs the suite.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let auth = options.stack.direct("auth").await?;
    let cookie = session(&auth).await?;
    let hello_server = Hello::start()?;
    let duration = Duration::from_secs(options.seconds);
    let hashing = Duration::from_secs(options.sign_in_seconds);
    let load = |address: &str, request: Vec<u8>, connections, expected| Load {
        address: address.to_owned(),
        request,
        connections,
        duration,
        expected,
    };
    let current_user = request("GET", "/api/users/currentuser", &[("Cookie", &cookie)], "");
    let sign_in = request("POST", "/api/users/signin", &[], CREDENTIALS);
    let connections = options.connections;
    let hello_load = load(
        &hello_server.address,
        current_user.clone(),
        connections,
        200,
    );
    let direct_load = load(&auth, current_user.clone(), connections, 200);
    let traefik_load = load(options.stack.traefik(), current_user, connections, 200);
    let sign_in_load = Load {
        duration: hashing,
        ..load(&auth, sign_in, SIGN_INS, 200)
    };

    let (mut hello, mut direct, mut traefik) = (Side::default(), Side::default(), Side::default());
    let (mut sign_ins, mut hashes) = (Side::default(), Vec::new());
    for _ in 0..options.rounds {
        hello.0.push(load::run(&hello_load).await.context("hello")?);
        direct
            .0
            .push(load::run(&direct_load).await.context("direct")?);
        traefik
            .0
            .push(load::run(&traefik_load).await.context("traefik")?);
        hashes.push(argon2_per_second(hashing)?);
        sign_ins
            .0
            .push(load::run(&sign_in_load).await.context("sign_in")?);
    }

    // Round by round: the two of a round had the same machine.
    let to_argon2 = sign_ins.0.iter().zip(&hashes);
    let to_argon2 = median(to_argon2.map(|(sign_ins, hashes)| sign_ins.per_second / hashes));
    let hashes = median(hashes);
    let mut table = Table::new(["", "per second", "p50 ms", "p99 ms", "ratio"]);
    hello.row(&mut table, "bare actix hello", hello.per_second());
    direct.row(&mut table, "currentuser, direct", hello.per_second());
    traefik.row(&mut table, "currentuser, Traefik", hello.per_second());
    table.row(["bare argon2id", &format!("{hashes:.1}"), "", "", "1.00"].map(ToOwned::to_owned));
    table.row([
        "sign-in, direct".to_owned(),
        format!("{:.1}", sign_ins.per_second()),
        format!("{:.2}", sign_ins.p50_ms()),
        format!("{:.2}", sign_ins.p99_ms()),
        format!("{to_argon2:.2}"),
    ]);
    table.print(&json!({
        "bench": "auth",
        "hello_per_s": hello.per_second().round(),
        "current_user_direct_per_s": direct.per_second().round(),
        "current_user_direct_p99_ms": direct.p99_ms(),
        "current_user_direct_to_hello": direct.per_second() / hello.per_second(),
        "current_user_traefik_per_s": traefik.per_second().round(),
        "current_user_traefik_p99_ms": traefik.p99_ms(),
        "argon2_per_s": hashes,
        "sign_ins_per_s": sign_ins.per_second(),
        "sign_ins_to_argon2": to_argon2,
    }));
    Ok(())
}

/// Signs up (or in, when the stack was measured before) and returns the cookie.
async fn session(auth: &str) -> anyhow::Result<String> {
    let client = reqwest::Client::builder().tls_certs_only([]).build()?;
    for route in ["signup", "signin"] {
        let url = format!("http://{auth}/api/users/{route}");
        let post = client
            .post(url)
            .header("content-type", "application/json")
            .body(CREDENTIALS);
        let response = post.send().await?;
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie.to_str()?;
            return Ok(cookie.split(';').next().unwrap_or_default().to_owned());
        }
    }
    anyhow::bail!("there is no session to be had")
}

/// Hashes on every core, each thread with memory of its own: the most that this machine does.
fn argon2_per_second(duration: Duration) -> anyhow::Result<f64> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let count = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        let (mut output, mut hashes) = ([0; 32], 0_u32);
        let started = Instant::now();
        while started.elapsed() < duration {
            let salt = b"sixteen bytes...";
            let hashed =
                argon2.hash_password_into_with_memory(b"password", salt, &mut output, &mut memory);
            hashed.ok()?;
            hashes += 1;
        }
        Some(f64::from(hashes) / started.elapsed().as_secs_f64())
    };
    let cores = thread::available_parallelism()?.get();
    let rates: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(count)).collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok().flatten())
            .collect()
    });
    ensure!(rates.len() == cores, "argon2 does not work");
    Ok(rates.iter().sum())
}
