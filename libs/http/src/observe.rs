//! One span, one metric and, when it failed, one log line per request.

use std::time::Instant;

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header::HeaderMap},
    middleware::Next,
};
use ticketing_runtime::telemetry::trace::TraceContext;
use tracing::{Instrument, Level};

/// The middleware. Metrics are labelled by the route's pattern, never by the path: paths hold ids.
///
/// # Errors
/// Those of the inner service.
pub async fn request<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let span = tracing::info_span!(
        "request",
        otel.name = %route,
        otel.kind = "server",
        http.request.method = method,
        http.route = %route,
        http.response.status_code = tracing::field::Empty,
        trace_id = tracing::field::Empty,
    );
    let context = TraceContext::begin(&span, incoming(request.headers()));

    let outcome = context
        .scope(next.call(request).instrument(span.clone()))
        .await;

    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let elapsed = started.elapsed();
    span.record("http.response.status_code", status.as_u16());
    span.in_scope(|| {
        let duration_ms = elapsed.as_secs_f64() * 1e3;
        if status.is_server_error() {
            tracing::event!(
                Level::WARN,
                status = status.as_u16(),
                duration_ms,
                "request failed"
            );
        } else {
            tracing::event!(
                Level::DEBUG,
                status = status.as_u16(),
                duration_ms,
                "request done"
            );
        }
    });
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..2])
        .record(elapsed.as_secs_f64());
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
