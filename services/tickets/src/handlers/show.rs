//! `GET /api/tickets/{id}`

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use ticketing_contracts::{
    api::{problem::ProblemBody, tickets::Ticket},
    ids::TicketId,
};
use ticketing_http::Problem;

use super::conditions;
use crate::{browsing::Browsing, representation::Representation};

/// Shows a ticket, and what is left of it.
///
/// # Errors
/// 404, 503.
#[utoipa::path(
    get,
    path = "/api/tickets/{id}",
    params(
        ("id" = TicketId, Path),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of what the client has"),
    ),
    responses(
        (status = 200, description = "The ticket", body = Ticket, headers(("ETag" = String))),
        (status = 304, description = "The client has it as it is"),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    browsing: Data<Browsing>,
    id: Path<TicketId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Representation { tag, body } = browsing.ticket(*id).await?;
    let known = conditions::has(request.headers(), tag.as_bytes());
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    // To be kept, but not to be shown without asking.
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(body))
}
