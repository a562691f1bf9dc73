//! `GET /api/orders/{id}`

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Path},
};
use ticketing_contracts::{
    api::{orders::Order, problem::ProblemBody},
    ids::OrderId,
};
use ticketing_http::{Problem, Session};

use super::form;
use crate::orders::Orders;

/// Shows an order to its buyer.
///
/// # Errors
/// 403 to others.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    params(("id" = OrderId, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = Order),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Another's", body = ProblemBody),
        (status = 404, description = "No such order", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    orders: Data<Orders>,
    session: Session,
    id: Path<OrderId>,
) -> Result<HttpResponse, Problem> {
    let (order, payment) = orders.find(session.sub, *id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(form::of(&order, payment.as_ref())?))
}
