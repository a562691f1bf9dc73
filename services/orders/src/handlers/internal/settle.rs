//! `POST /internal/orders/{id}/settle`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::{ids::OrderId, internal::Settle};
use ticketing_http::{Json, Problem, internal::Caller};

use crate::{
    domain::{Answer, Command},
    error::Error,
    orders::Orders,
};

/// Takes a payment that succeeded: the order is complete, or the money goes back.
///
/// # Errors
/// 404.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    id: Path<OrderId>,
    body: Json<Settle>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "payments")?;
    let command = Command::Settle {
        order_id: *id,
        payment_id: body.payment_id,
    };
    match orders.tell(command).await? {
        Answer::Settled(settled) => Ok(HttpResponse::Ok().json(settled)),
        other => Err(Error::unexpected(&other).into()),
    }
}
