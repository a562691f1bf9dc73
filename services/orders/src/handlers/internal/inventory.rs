//! `GET /internal/tickets/{id}/inventory`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::ids::TicketId;
use ticketing_http::{Problem, internal::Caller};

use crate::orders::Orders;

/// Tells tickets what there is of a ticket.
///
/// # Errors
/// 404 when it was never heard of.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    id: Path<TicketId>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "tickets")?;
    let inventory = orders.inventory(*id).await?;
    Ok(HttpResponse::Ok().json(inventory))
}
