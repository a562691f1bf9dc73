//! `PUT /api/tickets/{id}`

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use ticketing_contracts::{
    api::{
        problem::ProblemBody,
        tickets::{Ticket, TicketEdit},
    },
    ids::TicketId,
};
use ticketing_http::{Json, Problem, Session};

use super::conditions::expected_versions;
use crate::{domain::Expected, error::Error, representation::Representation, selling::Selling};

/// Edits a ticket.
///
/// # Errors
/// 400, 401, 403 for another's ticket, 404, 409 when it was edited meanwhile or is a seat that is held or
/// sold, 503 when orders can't be asked about that.
#[utoipa::path(
    put,
    path = "/api/tickets/{id}",
    params(
        ("id" = TicketId, Path),
        ("If-Match" = Option<String>, Header,
         description = "The ETag of what was edited: if its version is another by now, nothing is changed"),
    ),
    request_body = TicketEdit,
    responses(
        (status = 200, description = "The ticket as it is now", body = Ticket, headers(("ETag" = String))),
        (status = 400, description = "Invalid", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Not the user's, or a cross-site request", body = ProblemBody),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "Edited meanwhile, or `Cannot edit a reserved ticket`", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 415, description = "Not JSON", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    selling: Data<Selling>,
    session: Session,
    id: Path<TicketId>,
    request: HttpRequest,
    body: Json<TicketEdit>,
) -> Result<HttpResponse, Problem> {
    let expected = Expected {
        version: body.version,
        one_of: expected_versions(request.headers()),
    };
    let edited = selling.edit(*id, session.sub, &body, &expected).await?;
    let Representation { tag, body } = Representation::of(edited).map_err(Error::from)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body))
}
