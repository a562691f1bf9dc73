//! `POST /internal/tickets/{id}/close`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use garde::Validate;
use serde::Deserialize;
use ticketing_contracts::{events::tickets::Ticket, ids::TicketId};
use ticketing_http::{Json, Problem, internal::Caller};

use crate::{domain::Command, orders::Orders};

/// The ticket as tickets has it.
#[derive(Debug, Deserialize, Validate)]
#[serde(transparent)]
pub struct Closing(#[garde(skip)] Ticket);

/// Stops the sale of a ticket that its seller withdraws.
///
/// # Errors
/// 409 while anything of it is held or sold.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    id: Path<TicketId>,
    body: Json<Closing>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "tickets")?;
    let Json(Closing(ticket)) = body;
    if ticket.id != *id {
        return Err(Problem::bad_request("The body is about another ticket"));
    }
    orders.tell(Command::Close(ticket)).await?;
    Ok(HttpResponse::NoContent().finish())
}
