//! What is on sale.

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use ticketing_contracts::ids::TicketId;

/// Requests at once.
const AT_ONCE: usize = 32;

/// Puts up tickets through the API.
pub async fn put_up(
    tickets: &str,
    seller: &str,
    count: usize,
    capacity: i32,
) -> anyhow::Result<Vec<TicketId>> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    let one = |number: usize| {
        let body = json!({
            "title": format!("On sale {number}"),
            "price": 25,
            "capacity": capacity,
        });
        let request = client
            .post(format!("http://{tickets}/api/tickets"))
            .header("Authorization", seller)
            .json(&body);
        async move {
            let answer = request.send().await?;
            let status = answer.status();
            let ticket: Value = answer.json().await?;
            ensure!(status == 201, "a ticket could not be put up: {ticket}");
            let id = ticket["id"].as_str().context("no id")?;
            Ok(id.parse::<TicketId>()?)
        }
    };
    stream::iter((0..count).map(one))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}
