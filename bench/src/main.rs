//! Load generators: the platform's figures, and the peers' beside them.
//!
//! `just bench NAME` starts a release build of the platform on ports of its own and runs this against
//! it; suites that need only the engines start those themselves. A suite prints a table for people and, as its last line, one JSON object.

mod hello;
mod load;
mod rush;
mod sessions;
mod stack;
mod suites;
mod table;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures the platform. Called by `just bench NAME`.")]
struct Arguments {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Sessions and sign-ins: direct, through Traefik, beside a bare actix server and bare argon2.
    Auth(suites::auth::Options),
    /// Messaging: from the outbox to the committed effect.
    Events(suites::events::Options),
    /// A million deadlines, and how late they fire.
    Expiry(suites::expiry::Options),
    /// Orders under a rush: one hot ticket and many, direct and through Traefik.
    OnSale(suites::on_sale::Options),
    /// The home page, browsers that listen, and what a first view loads.
    Pages(suites::pages::Options),
    /// Order, pay at the simulator, complete: as many as there can be, and how soon at a steady rate.
    Purchases(suites::purchases::Options),
    /// The bare actix server that other suites compare with.
    #[command(hide = true)]
    Hello {
        /// The port on 127.0.0.1.
        port: u16,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().suite {
        Suite::Auth(options) => suites::auth::run(options).await,
        Suite::Events(options) => suites::events::run(options).await,
        Suite::Expiry(options) => suites::expiry::run(options).await,
        Suite::OnSale(options) => suites::on_sale::run(options).await,
        Suite::Pages(options) => suites::pages::run(options).await,
        Suite::Purchases(options) => suites::purchases::run(options).await,
        Suite::Hello { port } => hello::serve(port).await,
    }
}
