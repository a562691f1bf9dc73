//! `GET /sim/payment_intents`: what became of an order's payment.

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Operator;
use crate::{
    domain::{error::StripeError, payment_intent::PaymentIntent},
    simulation::Simulation,
    store::books::SUBJECTS,
};

/// Which payments: one order's, one payment's, or the newest.
#[derive(Debug, Deserialize)]
pub struct Which {
    order_id: Option<String>,
    payment_id: Option<String>,
    limit: Option<usize>,
}

/// Shows the payments and how often each was charged.
pub async fn intents(
    _: Operator,
    simulation: Data<Simulation>,
    which: Result<Query<Which>, actix_web::Error>,
) -> Result<HttpResponse, StripeError> {
    let which = which.map_err(|error| StripeError::invalid(error.to_string(), "limit"))?;
    let limit = which.limit.unwrap_or(100);
    let [order, payment] = SUBJECTS;
    let data: Vec<Value> = simulation.ledger.read(|books| match which.0 {
        Which {
            order_id: Some(id), ..
        } => books
            .intents_of(order, &id)
            .map(|intent| form(intent))
            .collect(),
        Which {
            payment_id: Some(id),
            ..
        } => books
            .intents_of(payment, &id)
            .map(|intent| form(intent))
            .collect(),
        _ => books
            .intents()
            .take(limit)
            .map(|intent| form(intent))
            .collect(),
    });
    Ok(HttpResponse::Ok().json(json!({"data": data})))
}

fn form(intent: &PaymentIntent) -> Value {
    json!({
        "id": intent.id(),
        "status": intent.status,
        "amount": intent.terms.amount,
        "currency": intent.terms.currency,
        "metadata": intent.terms.metadata,
        "charges": intent.charges,
        "refunded": intent.refunded,
        "attempts": intent.attempts,
    })
}
