//! `GET /api/payments?orderId=`

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};
use serde::Deserialize;
use ticketing_contracts::{
    api::{payments::Payment, problem::ProblemBody},
    ids::OrderId,
};
use ticketing_http::{Problem, Session};

use crate::paying::Paying;

/// Which payments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    order_id: OrderId,
}

/// Lists the payments of an order, for its buyer: one, or none yet.
///
/// # Errors
/// 400 without an order.
#[utoipa::path(
    get,
    path = "/api/payments",
    params(("orderId" = OrderId, Query, description = "The order")),
    responses(
        (status = 200, description = "The order's payment, if there was an attempt", body = [Payment]),
        (status = 400, description = "No order, or no id", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    paying: Data<Paying>,
    session: Session,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let payment = paying.of_order(session.sub, asked.order_id).await?;
    let list: Vec<_> = payment.iter().map(|payment| payment.form()).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(list))
}
