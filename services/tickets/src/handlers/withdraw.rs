//! `DELETE /api/tickets/{id}`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::{api::problem::ProblemBody, ids::TicketId};
use ticketing_http::{Problem, Session};

use crate::selling::Selling;

/// Withdraws a ticket.
///
/// # Errors
/// 401, 403 for another's ticket, 404, 409 while some of it is held or sold, 503 when orders can't be
/// asked about that.
#[utoipa::path(
    delete,
    path = "/api/tickets/{id}",
    params(("id" = TicketId, Path)),
    responses(
        (status = 204, description = "It is gone, now or before"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Not the user's, or a cross-site request", body = ProblemBody),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "Some of it is held or sold", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    selling: Data<Selling>,
    session: Session,
    id: Path<TicketId>,
) -> Result<HttpResponse, Problem> {
    selling.withdraw(*id, session.sub).await?;
    Ok(HttpResponse::NoContent().finish())
}
