//! `/v1/refunds`.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Path};

use super::{
    call::{About, Call},
    payment_intents::list,
};
use crate::{
    domain::{
        entry::{Entry, Outcome},
        error::StripeError,
        event::EventKind,
        payment_intent::PaymentIntent,
        refund::{NewRefund, Refund},
    },
    operation::Operation,
    store::books::Books,
};

/// Stripe's reasons.
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// Gives money back.
pub async fn create(mut call: Call) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    let fingerprint = call.fingerprint(Operation::Refund, "");
    let mut parameters = std::mem::take(&mut call.parameters);
    let id = parameters.required("payment_intent")?;
    let new = NewRefund {
        amount: parameters.amount()?,
        reason: parameters.choice("reason", &REASONS)?,
        metadata: parameters.metadata()?,
    };
    parameters.finish()?;
    let about = About::Intent(id.clone());
    Ok(call
        .change(Operation::Refund, about, fingerprint, move |books, now| {
            let intent = charged(books, &id)?;
            Ok(match Refund::make(intent, new, now.refunds, now.now) {
                Ok((refund, intent)) => Entry::new(now.now, Outcome::Refund)
                    .refund(refund)
                    .intent(intent)
                    .event(EventKind::RefundCreated)
                    .event(EventKind::ChargeRefunded),
                Err(error) => Entry::new(now.now, Outcome::Error(error)).intent(intent.clone()),
            })
        })
        .await)
}

/// A payment's refunds, or all, the newest first.
pub async fn index(mut call: Call) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    let mut parameters = std::mem::take(&mut call.parameters);
    let id = parameters.text("payment_intent")?;
    let limit = match parameters.integer("limit")? {
        None => 10,
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(100),
        Some(limit) => {
            let message = format!("Invalid limit: must be between 1 and 100; was {limit}");
            return Err(StripeError::invalid(message, "limit"));
        }
    };
    parameters.finish()?;
    let about = id.clone().map_or(About::Nothing, About::Intent);
    Ok(call
        .look(Operation::ListRefunds, about, move |books| {
            if let Some(id) = &id {
                charged(books, id)?;
            }
            let refunds = books.refunds(id.as_deref());
            let data = refunds.iter().take(limit).map(|refund| refund.form());
            Ok(list(data.collect(), refunds.len() > limit, "/v1/refunds"))
        })
        .await)
}

/// Shows one.
pub async fn retrieve(mut call: Call, id: Path<String>) -> Result<HttpResponse, StripeError> {
    call.caller.is_server()?;
    std::mem::take(&mut call.parameters).finish()?;
    let id = id.into_inner();
    let about = About::Nothing;
    Ok(call
        .look(Operation::RetrieveRefund, about, move |books| {
            let refund = books.refund(&id);
            let refund = refund.ok_or_else(|| StripeError::not_found("refund", &id, "id"))?;
            Ok(refund.form())
        })
        .await)
}

/// The payment that a parameter names.
fn charged<'a>(books: &'a Books, id: &str) -> Result<&'a Arc<PaymentIntent>, StripeError> {
    let missing = || StripeError::missing("payment_intent", id, "payment_intent");
    books.intent(id).ok_or_else(missing)
}
