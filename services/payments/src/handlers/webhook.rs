//! `POST /api/payments/webhook`

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use secrecy::SecretString;
use serde::Deserialize;
use ticketing_contracts::{api::problem::ProblemBody, ids::PaymentId};
use ticketing_http::Problem;

use crate::{
    paying::{Paying, webhook::Notice},
    signature,
};

/// The most bytes of an event; Stripe's are a tenth of it.
const MOST: usize = 64 * 1024;

/// What Stripe signs with.
#[derive(Debug, Clone)]
pub struct WebhookSecret(pub SecretString);

/// An event of Stripe's, as far as it matters.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Debug, Deserialize)]
struct EventData {
    object: EventObject,
}

/// A `PaymentIntent`, or a charge or refund of one.
#[derive(Debug, Deserialize)]
struct EventObject {
    id: String,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default, rename = "paymentId")]
    payment_id: Option<String>,
}

/// Hears from Stripe.
///
/// # Errors
/// 400 without Stripe's signature; 503 when it can't be noted, so that Stripe sends it again.
#[utoipa::path(
    post,
    path = "/api/payments/webhook",
    params(("Stripe-Signature" = String, Header)),
    request_body(content = String, description = "An event of Stripe's", content_type = "application/json"),
    responses(
        (status = 200, description = "Noted, now or before"),
        (status = 400, description = "Not signed by Stripe, or no event", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    paying: Data<Paying>,
    secret: Data<WebhookSecret>,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let body = match body.to_bytes_limited(MOST).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(Problem::bad_request("The body could not be read")),
        Err(_) => {
            let message = format!("The body must not exceed {MOST} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
    };
    let signature = request.headers().get("stripe-signature");
    let signature = signature
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    signature::check(signature, &body, &secret.0, paying.clock.now())
        .map_err(|_| Problem::bad_request("Not signed by Stripe"))?;
    if let Some(notice) = notice(&body)? {
        paying.notice(&notice).await?;
    }
    Ok(HttpResponse::Ok().json(serde_json::json!({"received": true})))
}

/// `None`: it is about something that payments has nothing to do with.
fn notice(body: &[u8]) -> Result<Option<Notice>, Problem> {
    let event: Event =
        serde_json::from_slice(body).map_err(|_| Problem::bad_request("Not an event"))?;
    let object = event.data.object;
    let intent = object
        .payment_intent
        .or_else(|| object.id.starts_with("pi_").then_some(object.id));
    let payment = object.metadata.and_then(|metadata| metadata.payment_id);
    Ok(intent.map(|intent| Notice {
        id: event.id,
        intent,
        payment: payment.and_then(|id| id.parse::<PaymentId>().ok()),
        success: event.kind == "payment_intent.succeeded",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_is_about() {
        let noticed = |body: &str| notice(body.as_bytes()).unwrap();
        let id = "018bcfe5-687b-7000-8000-000000000003";
        let intent = noticed(&format!(
            r#"{{"id": "evt_1", "type": "payment_intent.succeeded", "data": {{"object":
                {{"id": "pi_1", "object": "payment_intent", "metadata": {{"paymentId": "{id}", "x": "y"}}}}}}}}"#
        ))
        .unwrap();
        assert_eq!(
            (intent.id.as_str(), intent.intent.as_str()),
            ("evt_1", "pi_1")
        );
        assert_eq!(intent.payment.unwrap().to_string(), id);
        assert!(intent.success);
        let refund = noticed(
            r#"{"id": "evt_2", "type": "refund.updated",
                "data": {"object": {"id": "re_1", "payment_intent": "pi_1", "metadata": {}}}}"#,
        )
        .unwrap();
        assert_eq!((refund.intent.as_str(), refund.success), ("pi_1", false));
        let other = noticed(
            r#"{"id": "evt_3", "type": "customer.created",
                "data": {"object": {"id": "cus_1", "metadata": null}}}"#,
        );
        assert_eq!(other, None);
        let foreign = noticed(
            r#"{"id": "evt_4", "type": "payment_intent.canceled", "data": {"object": {"id": "pi_2", "metadata": {"paymentId": "7"}}}}"#,
        );
        assert_eq!(foreign.unwrap().payment, None);
        assert!(notice(b"[]").is_err());
    }
}
