//! `/v1/payment_intents`.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Path};
use serde_json::Value;

use super::{
    call::{About, Call},
    caller::Caller,
    parameters::Parameters,
    payment_methods::payable,
};
use crate::{
    domain::{
        currency,
        entry::{Entry, Outcome},
        error::StripeError,
        event::EventKind,
        id,
        payment_intent::{AutomaticMethods, PaymentIntent, Terms},
        payment_method::PaymentMethod,
    },
    operation::Operation,
    store::books::Books,
};

/// Stripe's reasons for which a caller can cancel.
const CANCELLATION_REASONS: [&str; 4] = [
    "duplicate",
    "fraudulent",
    "requested_by_customer",
    "abandoned",
];

/// Makes one.
pub async fn create(mut call: Call) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    let fingerprint = call.fingerprint(Operation::Create, "");
    let mut parameters = std::mem::take(&mut call.parameters);
    let terms = terms(&mut parameters)?;
    let method = parameters.text("payment_method")?;
    parameters.finish()?;
    let about = About::Order(terms.metadata.get("orderId").cloned());
    Ok(call
        .change(Operation::Create, about, fingerprint, move |books, now| {
            let mut terms = terms;
            terms.created = now.now;
            let entry = Entry::new(now.now, Outcome::Intent);
            let Some(method) = method else {
                return Ok(entry.intent(PaymentIntent::new(terms, None)));
            };
            let method = payable(books, &method, now.now)?;
            let intent = PaymentIntent::new(terms, Some(method.clone()));
            Ok(entry.intent(intent).method(method))
        })
        .await)
}

fn terms(parameters: &mut Parameters) -> Result<Terms, StripeError> {
    let amount = parameters
        .amount()?
        .ok_or_else(|| Parameters::missing("amount"))?;
    let currency = currency::parse(&parameters.required("currency")?)?;
    let automatic = automatic_methods(parameters)?;
    // A card is all that there is, whatever else would be fine.
    parameters.ignore("payment_method_types[");
    let id = id::new("pi");
    Ok(Terms {
        client_secret: id::client_secret(&id),
        id,
        amount,
        currency,
        metadata: parameters.metadata()?,
        description: parameters.text("description")?,
        automatic,
        created: 0,
    })
}

fn automatic_methods(parameters: &mut Parameters) -> Result<Option<AutomaticMethods>, StripeError> {
    let enabled = parameters.boolean("automatic_payment_methods[enabled]")?;
    let redirects = "automatic_payment_methods[allow_redirects]";
    let redirects = parameters.choice(redirects, &["always", "never"])?;
    match (enabled, redirects) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Parameters::missing("automatic_payment_methods[enabled]")),
        (Some(enabled), redirects) => Ok(Some(AutomaticMethods {
            enabled,
            allow_redirects: redirects.unwrap_or_else(|| "always".into()),
        })),
    }
}

/// Shows one: to a browser with its client secret only.
pub async fn retrieve(mut call: Call, id: Path<String>) -> Result<HttpResponse, StripeError> {
    let mut parameters = std::mem::take(&mut call.parameters);
    let secret = parameters.text("client_secret")?;
    parameters.finish()?;
    if call.caller == Caller::Browser && secret.is_none() {
        call.caller.is_server()?;
    }
    let id = id.into_inner();
    let about = About::Intent(id.clone());
    Ok(call
        .look(Operation::Retrieve, about, move |books| {
            let intent = found(books, &id)?;
            if secret.is_some_and(|secret| secret != intent.terms.client_secret) {
                let message = "The client_secret provided does not match any associated \
                               PaymentIntent.";
                return Err(StripeError::invalid(message, "client_secret"));
            }
            Ok(intent.form())
        })
        .await)
}

/// Charges, or begins to.
pub async fn confirm(mut call: Call, id: Path<String>) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    let fingerprint = call.fingerprint(Operation::Confirm, &id);
    let mut parameters = std::mem::take(&mut call.parameters);
    let method = parameters.text("payment_method")?;
    // Where the buyer would come back to: nobody is led away here.
    parameters.ignore("return_url");
    parameters.ignore("use_stripe_sdk");
    parameters.finish()?;
    let id = id.into_inner();
    let about = About::Intent(id.clone());
    Ok(call
        .change(Operation::Confirm, about, fingerprint, move |books, now| {
            let intent = found(books, &id)?;
            if let Err(error) = intent.check_confirmable() {
                return Ok(refused(intent, error, now.now));
            }
            let method = match (method, &intent.method) {
                (Some(method), _) => payable(books, &method, now.now)?,
                (None, Some(method)) => method.clone(),
                (None, None) => {
                    let error = StripeError::unexpected_state(
                        "You cannot confirm this PaymentIntent because it's missing a payment method.",
                    );
                    return Ok(refused(intent, error, now.now));
                }
            };
            Ok(attempted(intent.confirm(method.clone()), &method, now.now))
        })
        .await)
}

/// Ends one without a payment.
pub async fn cancel(mut call: Call, id: Path<String>) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    let fingerprint = call.fingerprint(Operation::Cancel, &id);
    let mut parameters = std::mem::take(&mut call.parameters);
    let reason = parameters.choice("cancellation_reason", &CANCELLATION_REASONS)?;
    parameters.finish()?;
    let id = id.into_inner();
    let about = About::Intent(id.clone());
    Ok(call
        .change(Operation::Cancel, about, fingerprint, move |books, now| {
            let intent = found(books, &id)?;
            Ok(match intent.cancel(reason, now.now) {
                Ok(cancelled) => Entry::new(now.now, Outcome::Intent)
                    .intent(cancelled)
                    .event(EventKind::IntentCanceled),
                Err(error) => refused(intent, error, now.now),
            })
        })
        .await)
}

/// What becomes of a payment when a card was tried, or the bank was answered.
pub fn attempted(intent: PaymentIntent, method: &Arc<PaymentMethod>, now: i64) -> Entry {
    let event = EventKind::of(&intent);
    let outcome = match &intent.last_error {
        Some(failure) => Outcome::Error(failure.error.clone()),
        None => Outcome::Intent,
    };
    let method = intent.method.as_ref().unwrap_or(method).clone();
    Entry::new(now, outcome)
        .intent(intent)
        .method(method)
        .event(event)
}

/// A request that began and could not be done: its answer is kept, and shows the payment.
fn refused(intent: &Arc<PaymentIntent>, error: StripeError, now: i64) -> Entry {
    Entry::new(now, Outcome::Error(error)).intent(intent.clone())
}

/// The payment with the id.
pub fn found<'a>(books: &'a Books, id: &str) -> Result<&'a Arc<PaymentIntent>, StripeError> {
    let missing = || StripeError::not_found("payment_intent", id, "intent");
    books.intent(id).ok_or_else(missing)
}

/// As Stripe lists things: all at once, since nobody asks for more than one payment's.
pub fn list(data: Vec<Value>, has_more: bool, url: &str) -> Value {
    serde_json::json!({"object": "list", "data": data, "has_more": has_more, "url": url})
}
