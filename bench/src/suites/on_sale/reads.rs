//! What everybody looks at while it is on sale: a ticket, and the list of fifty.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use ticketing_contracts::ids::TicketId;

use crate::{
    load::request,
    rush::{self, Outcome, Rush},
};

/// Looks at tickets, each at another one, or at the first page of the list.
pub async fn look(
    tickets: &str,
    ids: &[TicketId],
    connections: usize,
    duration: Duration,
) -> anyhow::Result<Outcome> {
    let path = |id: &TicketId| format!("/api/tickets/{id}");
    let single = ids.iter().map(path);
    let paths: Vec<_> = if ids.is_empty() {
        vec!["/api/tickets?limit=50".to_owned()]
    } else {
        single.collect()
    };
    let requests = paths.iter().map(|path| request("GET", path, &[], ""));
    let rush = Rush {
        address: tickets.to_owned(),
        requests: Arc::new(requests.collect()),
        connections,
        duration,
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
