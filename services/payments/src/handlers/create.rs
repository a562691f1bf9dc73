//! `POST /api/payments`

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use ticketing_contracts::api::{
    payments::{NewPayment, Payment},
    problem::ProblemBody,
};
use ticketing_http::{Json, Problem, Session, idempotency::IdempotencyKey};

use crate::{
    domain::Method,
    paying::{Outcome, Paying},
};

const ROUTE: &str = "POST /api/payments";

/// When to ask what has become of an attempt that is not clear.
const UNCLEAR_RETRY: Duration = Duration::from_secs(5);

/// When to try again what was not begun.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(2);

/// Pays an order.
///
/// # Errors
/// 402 with Stripe's words when the card is declined, 409 when the order can't be paid or is being paid, 503
/// when nothing was charged, and when nobody knows.
#[utoipa::path(
    post,
    path = "/api/payments",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "A repeat with the same key and body gets the answer of the first; 1 to 255 visible \
                       ASCII characters"
    )),
    request_body = NewPayment,
    responses(
        (status = 201, description = "It is made; or, as its status says, the buyer has to confirm it by its clientSecret",
         body = Payment, headers(("Location" = String))),
        (status = 400, description = "Invalid", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 402, description = "Declined, in Stripe's words for the buyer; the order can be paid by another card", body = ProblemBody),
        (status = 403, description = "Another's order, or a cross-site request", body = ProblemBody),
        (status = 404, description = "No such order", body = ProblemBody),
        (status = 409, description = "The order is paid, being paid, cancelled or expired", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 415, description = "Not JSON", body = ProblemBody),
        (status = 422, description = "The key was used for another payment", body = ProblemBody),
        (status = 503, description = "The message tells whether nothing was charged, or that this is not known yet; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    paying: Data<Paying>,
    session: Session,
    key: IdempotencyKey,
    body: Json<NewPayment>,
) -> Result<HttpResponse, Problem> {
    let Json(new) = body;
    let request = key.of(session.sub, ROUTE, &new);
    let order = new.order_id;
    let method = match (new.token, new.payment_method_id) {
        (Some(token), _) => Method::Token(token),
        (None, Some(id)) => Method::PaymentMethod(id),
        (None, None) => return Err(Problem::bad_request("Token must be provided")),
    };
    match paying.pay(session.sub, order, method, request).await? {
        Outcome::Paid(payment) => {
            let location = format!("/api/payments/{}", payment.id);
            Ok(HttpResponse::Created()
                .insert_header((header::LOCATION, location))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(payment.form()))
        }
        Outcome::Failed(words) => Err(Problem::new(StatusCode::PAYMENT_REQUIRED, words)),
        Outcome::Unavailable => Err(Problem::unavailable(UNAVAILABLE_RETRY, "Stripe")
            .saying("The payment could not be made at the moment. Nothing was charged: try again.")),
        Outcome::Unclear => Err(Problem::unavailable(UNCLEAR_RETRY, "an unclear attempt").saying(
            "We don't know yet whether you were charged. Don't pay again: the order will show it soon, \
             and you get the tickets or your money.",
        )),
    }
}
