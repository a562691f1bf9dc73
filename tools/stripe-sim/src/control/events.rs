//! `/sim/events`: what happened, and the same webhook once more.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Operator;
use crate::{
    background::Job, domain::error::StripeError, simulation::Simulation, webhooks::NotTaken,
};

/// Which events: of a kind, of a payment.
#[derive(Debug, Deserialize)]
pub struct Which {
    #[serde(rename = "type")]
    kind: Option<String>,
    payment_intent: Option<String>,
    limit: Option<usize>,
}

/// Lists events, the newest first; `pending_webhooks` is 0 for those that the endpoint has taken.
pub async fn index(
    _: Operator,
    simulation: Data<Simulation>,
    which: Result<Query<Which>, actix_web::Error>,
) -> Result<HttpResponse, StripeError> {
    let which = which.map_err(|error| StripeError::invalid(error.to_string(), "limit"))?;
    let data: Vec<Value> = simulation.ledger.read(|books| {
        let fits = books.events().filter(|(happening, _)| {
            let kind = which.kind.as_deref();
            let intent = happening.entry.intent.as_ref().map(|intent| intent.id());
            kind.is_none_or(|kind| kind == happening.event.kind.name())
                && (which.payment_intent.is_none() || which.payment_intent.as_deref() == intent)
        });
        fits.take(which.limit.unwrap_or(100))
            .map(|(happening, taken)| happening.event.form(&happening.entry, u8::from(!taken)))
            .collect()
    });
    Ok(HttpResponse::Ok().json(json!({"data": data})))
}

/// Sends an event once more, now, and tells what the endpoint answered.
pub async fn resend(
    _: Operator,
    simulation: Data<Simulation>,
    id: Path<String>,
) -> Result<HttpResponse, StripeError> {
    let id = id.into_inner();
    let (tell, told) = oneshot::channel();
    simulation.later(Job::Resend(id.clone(), tell));
    match told.await.map_err(|_| StripeError::failed())? {
        Ok(status) => Ok(HttpResponse::Ok().json(json!({"id": id, "status": status}))),
        Err(NotTaken::Refused(status)) => {
            Ok(HttpResponse::Ok().json(json!({"id": id, "status": status})))
        }
        Err(NotTaken::NoEvent) => Err(StripeError::not_found("event", &id, "id")),
        Err(NotTaken::NoEndpoint) => Err(StripeError::request(
            "webhook_endpoint",
            "There is no webhook endpoint.",
        )),
        Err(NotTaken::NoAnswer(why)) => {
            let body = json!({"id": id, "status": null, "message": why});
            tracing::info!(event = id, why, "a webhook was not answered");
            Ok(HttpResponse::Ok().json(body))
        }
    }
}
