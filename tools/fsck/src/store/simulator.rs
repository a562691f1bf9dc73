//! What the payment simulator has charged.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use reqwest::Client;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::config::Simulator;

/// It answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that it ever did.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Totals {
    /// Charges that it made.
    pub charges: i64,
    /// Refunds, made or on their way.
    pub refunds: i64,
    /// Amounts by the currency's code in small letters, both as at Stripe.
    pub currencies: BTreeMap<String, Sums>,
}

/// Amounts in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Sums {
    /// Whether or not it was given back.
    pub charged: i64,
    /// What was.
    pub refunded: i64,
}

/// Asks it.
///
/// # Errors
/// When it does not answer, or does not know the key.
pub async fn totals(simulator: &Simulator) -> anyhow::Result<Totals> {
    // It speaks plain HTTP: no certificate is needed to build the client.
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(PATIENCE)
        .build()?;
    let url = format!("{}/sim/totals", simulator.url.trim_end_matches('/'));
    let ask = async {
        let request = client.get(&url).bearer_auth(simulator.key.expose_secret());
        request.send().await?.error_for_status()?.json().await
    };
    ask.await.context("the payment simulator can't be asked")
}
