//! The blocking query behind a service's instances.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use rs_consul::{Consul, GetServiceNodesRequest, QueryOptions, ServiceNode};
use tokio::{sync::watch::Sender, time::timeout};

/// How long Consul holds a query when nothing changes.
const WAIT: Duration = Duration::from_secs(30);

/// Consul adds up to a sixteenth to `wait`; only then is silence a failure.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(35);

/// Instances with no critical check. A warning means that a dependency of the instance is down: it
/// answers for itself then, which tells more than "no healthy instance" would. The client
/// does not encode what it puts into the URL: this is `not Checks.Status == "critical"`, where the
/// comparison holds if it does for any check.
const NOT_CRITICAL: &str = "not%20Checks.Status%20%3D%3D%20%22critical%22";

/// Asks for ever, and publishes every change. While Consul does not answer, what was last heard
/// stands.
pub(super) async fn keep_current(
    consul: Arc<Consul>,
    service: String,
    instances: Sender<Option<Vec<String>>>,
) {
    let mut index = None;
    let mut delays = backoff();
    loop {
        match ask(&consul, &service, index).await {
            Ok((found, answered_at)) => {
                delays = backoff();
                // An index that went backwards means that Consul lost its state: begin anew.
                index =
                    Some(answered_at).filter(|new| *new > 0 && index.is_none_or(|old| *new >= old));
                instances.send_if_modified(|known| {
                    let changed = known.as_ref() != Some(&found);
                    *known = Some(found);
                    changed
                });
            }
            Err(error) => {
                tracing::warn!(
                    service,
                    error,
                    "Consul does not answer; keeping what is known"
                );
                index = None;
                tokio::time::sleep(delays.next().unwrap_or(MAX_DELAY)).await;
            }
        }
    }
}

const MAX_DELAY: Duration = Duration::from_secs(2);

fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(MAX_DELAY)
        .with_jitter()
        .without_max_times()
        .build()
}

async fn ask(
    consul: &Consul,
    service: &str,
    index: Option<u64>,
) -> Result<(Vec<String>, u64), String> {
    let request = GetServiceNodesRequest {
        service,
        near: None,
        passing: false,
        filter: Some(NOT_CRITICAL),
    };
    let options = QueryOptions {
        index,
        wait: Some(WAIT),
        timeout: Some(ANSWER_TIMEOUT),
        ..Default::default()
    };
    // The client's own timeout covers the head of the answer only, not its body.
    let answer = timeout(
        ANSWER_TIMEOUT,
        consul.get_service_nodes(request, Some(options)),
    )
    .await
    .map_err(|_| "no answer in time".to_owned())?
    .map_err(|error| error.to_string())?;
    let mut urls: Vec<_> = answer.response.iter().map(base_url).collect();
    urls.sort_unstable();
    Ok((urls, answer.index))
}

fn base_url(instance: &ServiceNode) -> String {
    let service = &instance.service;
    let host = if service.address.is_empty() {
        &instance.node.address
    } else {
        &service.address
    };
    if host.contains(':') {
        format!("http://[{host}]:{}", service.port)
    } else {
        format!("http://{host}:{}", service.port)
    }
}
