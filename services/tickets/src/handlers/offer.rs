//! `GET /internal/tickets/{id}`, on the admin port

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::ids::TicketId;
use ticketing_http::{Problem, internal::Caller};

use crate::selling::Selling;

/// Tells orders what a seller offers, when an order comes before the event does.
///
/// # Errors
/// 401 for whoever is not a service that may ask, 404, 503.
pub async fn handle(
    selling: Data<Selling>,
    _: Caller,
    id: Path<TicketId>,
) -> Result<HttpResponse, Problem> {
    let ticket = selling.offered(*id).await?;
    Ok(HttpResponse::Ok().json(ticket.snapshot()))
}
