//! `POST /sim/payment_intents/{id}/authenticate`: the buyer's answer to the bank.
//!
//! The dialog of the stand-in for Stripe.js sends it, and tests that play the buyer. No key is asked for:
//! whoever knows the payment's id is its buyer.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;

use crate::{
    background::Job,
    domain::{entry::Outcome, error::StripeError},
    simulation::Simulation,
    stripe::payment_intents::{attempted, found},
};

/// What the buyer says.
#[derive(Debug, Deserialize)]
pub struct Answer {
    succeed: bool,
}

/// Charges the card, or does not.
pub async fn authenticate(
    simulation: Data<Simulation>,
    id: Path<String>,
    answer: Json<Answer>,
) -> Result<HttpResponse, StripeError> {
    let entry = simulation.ledger.commit(None, |books, now| {
        let intent = found(books, &id)?;
        let next = intent.authenticate(answer.succeed)?;
        let method = intent.method.as_ref().ok_or_else(StripeError::failed)?;
        let mut entry = attempted(next, method, now);
        // That the card was declined is no failure of this request.
        entry.outcome = Outcome::Intent;
        Ok(entry)
    })?;
    for event in &entry.events {
        simulation.later(Job::Deliver(event.id.clone()));
    }
    Ok(HttpResponse::Ok().json(entry.body()))
}
