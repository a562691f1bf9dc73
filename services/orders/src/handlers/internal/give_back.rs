//! `POST /internal/orders/{id}/give-back`

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use ticketing_contracts::{ids::OrderId, internal::GiveBack};
use ticketing_http::{Json, Problem, internal::Caller};

use crate::{domain::Command, orders::Orders};

/// Takes a lease back after a payment that failed for certain. One that is over is left alone.
///
/// # Errors
/// 404.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    id: Path<OrderId>,
    body: Json<GiveBack>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "payments")?;
    let command = Command::GiveBack {
        order_id: *id,
        lease: body.lease,
    };
    orders.tell(command).await?;
    Ok(HttpResponse::NoContent().finish())
}
