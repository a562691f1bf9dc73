//! `POST /internal/orders/{id}/lease`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::{ids::OrderId, internal::LeaseRequest};
use ticketing_http::{Json, Problem, internal::Caller};

use crate::{
    domain::{Answer, Command},
    error::Error,
    orders::Orders,
};

/// Keeps an order's tickets while a payment is under way.
///
/// # Errors
/// 403, 404, and 409 when the order can't be paid any more.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    id: Path<OrderId>,
    body: Json<LeaseRequest>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "payments")?;
    let command = Command::Lease {
        order_id: *id,
        user_id: body.user_id,
        by_hand: body.by_hand,
    };
    match orders.tell(command).await? {
        Answer::Leased(lease) => Ok(HttpResponse::Ok().json(lease)),
        other => Err(Error::unexpected(&other).into()),
    }
}
