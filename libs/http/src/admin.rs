//! The admin port: health and metrics, on a listener of its own that Traefik never routes to.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use ticketing_runtime::{Health, health::Readiness, telemetry::metrics::Metrics};

/// Registers `/health/live`, `/health/ready` and `/metrics`.
pub fn routes(config: &mut web::ServiceConfig, health: Health, metrics: Metrics) {
    config
        .app_data(web::Data::new(health))
        .app_data(web::Data::new(metrics))
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(render));
}

/// The process runs and its event loop turns.
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "live"}))
}

#[derive(Debug, Deserialize)]
struct ReadyQuery {
    #[serde(default)]
    dependencies: OnDependencyDown,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnDependencyDown {
    #[default]
    Fail,
    Warn,
}

/// 200 when ready, 503 when not, with what is down.
///
/// With `?dependencies=warn`, as Consul's check asks, a dependency that is down is a 429, which
/// Consul takes as a warning: the instance stays in the catalogue and answers 503 for itself. Taking
/// every instance out because all share one database would only turn that 503 into a 404.
async fn ready(health: web::Data<Health>, query: web::Query<ReadyQuery>) -> HttpResponse {
    let readiness = health.readiness().await;
    let status = match (&readiness, &query.dependencies) {
        (Readiness::Ready, _) => StatusCode::OK,
        (Readiness::Degraded { .. }, OnDependencyDown::Warn) => StatusCode::TOO_MANY_REQUESTS,
        (Readiness::Degraded { .. } | Readiness::Draining, _) => StatusCode::SERVICE_UNAVAILABLE,
    };
    HttpResponse::build(status).json(readiness)
}

async fn render(metrics: web::Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics.render())
}
