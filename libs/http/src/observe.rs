//! One span, one metric and, when it failed, one log line per request.

use std::{cell::RefCell, collections::HashMap, time::Instant};

use actix_web::{
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header::HeaderMap},
};
use metrics::{Counter, Histogram};
use ticketing_runtime::telemetry::trace::{TraceContext, is_exporting};
use tracing::{Instrument, field::Empty};

type Outcome<B> = Result<ServiceResponse<B>, actix_web::Error>;

/// Observes how `answer` deals with a request. Metrics are labelled by the route's pattern, never by
/// the path: paths hold ids.
///
/// # Errors
/// Those of `answer`.
pub async fn request<B>(
    request: ServiceRequest,
    answer: impl AsyncFnOnce(ServiceRequest) -> Outcome<B>,
) -> Outcome<B> {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let incoming = incoming(request.headers());
    // Every field is formatted for the log at once, and noting one later means parsing what was
    // formatted. So the span holds what every line within it needs, and the rest only for an exporter.
    let exporting = is_exporting();
    let context = (!exporting).then(|| incoming.unwrap_or_else(TraceContext::random));
    let span = tracing::info_span!(
        "request",
        trace_id = context.map(tracing::field::display),
        otel.name = exporting.then_some(route.as_str()),
        otel.kind = exporting.then_some("server"),
        http.request.method = exporting.then_some(method),
        http.route = exporting.then_some(route.as_str()),
        http.response.status_code = Empty,
    );
    let context = context.unwrap_or_else(|| TraceContext::adopt(&span, incoming));

    let outcome = context
        .scope(answer(request).instrument(span.clone()))
        .await;

    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let elapsed = started.elapsed();
    if exporting {
        span.record("http.response.status_code", status.as_u16());
    }
    span.in_scope(|| {
        let (status, duration_ms) = (status.as_u16(), elapsed.as_secs_f64() * 1e3);
        if status >= 500 {
            tracing::warn!(method, route, status, duration_ms, "request failed");
        } else {
            tracing::debug!(method, route, status, duration_ms, "request done");
        }
    });
    Series::of(method, &route, status, |series| {
        series.requests.increment(1);
        series.duration.record(elapsed.as_secs_f64());
    });
    outcome
}

fn incoming(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get("traceparent")?.to_str().ok()?.parse().ok()
}

/// A client can make up methods; a label must have few values.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// What is counted for one method, route and status.
struct Series {
    requests: Counter,
    duration: Histogram,
}

type SeriesByRoute = HashMap<String, HashMap<(&'static str, StatusCode), Series>>;

thread_local! {
    /// Found once per thread: the recorder looks a series up by hashing all its labels.
    static SERIES: RefCell<SeriesByRoute> = RefCell::default();
}

impl Series {
    fn of(method: &'static str, route: &str, status: StatusCode, count: impl FnOnce(&Self)) {
        SERIES.with_borrow_mut(|all| {
            if let Some(series) = all.get(route).and_then(|some| some.get(&(method, status))) {
                return count(series);
            }
            let series = all.entry(route.to_owned()).or_default();
            count(
                series
                    .entry((method, status))
                    .or_insert_with(|| Self::new(method, route, status)),
            );
        });
    }

    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        Self {
            requests: metrics::counter!("http_requests_total", &labels),
            duration: metrics::histogram!("http_request_duration_seconds", &labels[..2]),
        }
    }
}
