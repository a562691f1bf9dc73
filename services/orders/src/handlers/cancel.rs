//! `DELETE /api/orders/{id}`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::{api::problem::ProblemBody, ids::OrderId};
use ticketing_http::{Problem, Session};

use crate::orders::Orders;

/// Cancels an order: its tickets are free again. One that is over already stays so.
///
/// # Errors
/// 409 when it is paid, or a payment is under way.
#[utoipa::path(
    delete,
    path = "/api/orders/{id}",
    params(("id" = OrderId, Path, description = "The order")),
    responses(
        (status = 204, description = "It is over, now or before"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Another's, or a cross-site request", body = ProblemBody),
        (status = 404, description = "No such order", body = ProblemBody),
        (status = 409, description = "It is complete or being paid", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    orders: Data<Orders>,
    session: Session,
    id: Path<OrderId>,
) -> Result<HttpResponse, Problem> {
    orders.cancel(session.sub, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
