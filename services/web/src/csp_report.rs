//! `POST /csp-report`: what a browser refused to load or run.

use actix_web::{HttpResponse, web::Bytes};
use serde::Deserialize;

/// How many pages broke the policy. Any but 0 is a bug of ours, or an attack that failed.
pub const METRIC: &str = "web_csp_reports_total";

#[derive(Debug, Deserialize)]
struct Report {
    #[serde(rename = "csp-report")]
    report: Violation,
}

/// Paths hold ids and queries hold what somebody typed: neither is logged.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Violation {
    #[serde(default)]
    effective_directive: String,
    #[serde(default)]
    violated_directive: String,
    #[serde(default)]
    blocked_uri: String,
}

/// Counts and logs it.
pub async fn handle(body: Bytes) -> HttpResponse {
    if let Ok(Report { report }) = serde_json::from_slice::<Report>(&body) {
        metrics::counter!(METRIC).increment(1);
        let directive = if report.effective_directive.is_empty() {
            &report.violated_directive
        } else {
            &report.effective_directive
        };
        let (directive, blocked) = (short(directive), short(&report.blocked_uri));
        tracing::warn!(
            directive,
            blocked,
            "a page broke its content security policy"
        );
    }
    HttpResponse::NoContent().finish()
}

/// Anybody can send anything.
fn short(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(100)
        .map_or(text.len(), |(at, _)| at);
    text[..end].split(['?', '#']).next().unwrap_or_default()
}
