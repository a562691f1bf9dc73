//! `POST /api/tickets`

use actix_web::{HttpResponse, web::Data};
use ticketing_contracts::api::{
    problem::ProblemBody,
    tickets::{NewTicket, Ticket},
};
use ticketing_http::{Json, Problem, Session, idempotency::IdempotencyKey};

use crate::selling::Selling;

const ROUTE: &str = "POST /api/tickets";

/// Puts a ticket up.
///
/// # Errors
/// 400, 401, 409 and 422 about the `Idempotency-Key`, 503.
#[utoipa::path(
    post,
    path = "/api/tickets",
    params(
        ("Idempotency-Key" = Option<String>, Header,
         description = "1 to 255 visible ASCII characters: a repeat within 24 hours gets the same answer and puts up nothing"),
    ),
    request_body = NewTicket,
    responses(
        (status = 201, description = "The ticket; its address is in Location", body = Ticket,
         headers(("Location" = String), ("ETag" = String))),
        (status = 400, description = "Invalid", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "A cross-site request", body = ProblemBody),
        (status = 409, description = "The first request with this key is still in flight", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 415, description = "Not JSON", body = ProblemBody),
        (status = 422, description = "The key was used for another request", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    selling: Data<Selling>,
    session: Session,
    key: IdempotencyKey,
    body: Json<NewTicket>,
) -> Result<HttpResponse, Problem> {
    let request = key.of(session.sub, ROUTE, &body.0);
    let answer = selling.put_up(session.sub, &body, request.as_ref()).await?;
    Ok(answer.into_response())
}
