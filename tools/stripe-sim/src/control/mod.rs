//! The simulator's own routes, under `/sim`: what tests look at and what they make go wrong.

mod authenticate;
mod events;
mod faults;
mod intents;

pub use authenticate::authenticate;
pub use events::{index as events, resend};
pub use faults::{add, clear, plan, set};
pub use intents::intents;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    error::InternalError,
    web::{Data, Json, JsonConfig},
};
use futures::future::{Ready, ready};
use serde::Deserialize;
use serde_json::json;

use crate::{
    domain::error::StripeError,
    simulation::Simulation,
    stripe::{self, authenticate as caller},
};

/// Somebody with the secret key: the proof that it was shown.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

impl actix_web::FromRequest for Operator {
    type Error = StripeError;
    type Future = Ready<Result<Self, StripeError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let simulation = request.app_data::<Data<Simulation>>();
        let simulation = simulation.ok_or_else(StripeError::failed);
        let caller = simulation.and_then(|simulation| caller(request, None, &simulation.settings));
        ready(caller.and_then(|caller| caller.is_server().map(|()| Self)))
    }
}

/// JSON that can't be read is a 400 in Stripe's form.
#[must_use]
pub fn json_config() -> JsonConfig {
    JsonConfig::default()
        .content_type_required(false)
        .error_handler(|error, _| {
            let error = StripeError::request("parameter_unknown", error.to_string());
            InternalError::from_response(error.to_string(), stripe::error(&error)).into()
        })
}

/// It runs.
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Counts and sums.
pub async fn totals(_: Operator, simulation: Data<Simulation>) -> HttpResponse {
    let totals = simulation.ledger.read(|books| books.totals().clone());
    HttpResponse::Ok().json(totals)
}

/// Requests by route.
pub async fn requests(_: Operator, simulation: Data<Simulation>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"counts": simulation.requests.counts()}))
}

/// Counts requests from 0 again.
pub async fn reset_requests(_: Operator, simulation: Data<Simulation>) -> HttpResponse {
    simulation.requests.reset();
    HttpResponse::Ok().json(json!({"counts": simulation.requests.counts()}))
}

/// `PUT /sim/webhook`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    url: Option<String>,
}

/// Sends webhooks somewhere else from now on.
pub async fn set_endpoint(
    _: Operator,
    simulation: Data<Simulation>,
    endpoint: Json<Endpoint>,
) -> HttpResponse {
    simulation.set_webhook_url(endpoint.into_inner().url);
    HttpResponse::Ok().json(json!({"url": simulation.webhook_url()}))
}
