//! `GET /api/payments/{id}`

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Path},
};
use ticketing_contracts::{
    api::{payments::Payment, problem::ProblemBody},
    ids::PaymentId,
};
use ticketing_http::{Problem, Session};

use crate::paying::Paying;

/// Shows a payment to its buyer. While the buyer is to confirm it, Stripe is asked whether that was done.
///
/// # Errors
/// 403 to others.
#[utoipa::path(
    get,
    path = "/api/payments/{id}",
    params(("id" = PaymentId, Path, description = "The payment")),
    responses(
        (status = 200, description = "The payment", body = Payment),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Another's", body = ProblemBody),
        (status = 404, description = "No such payment", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    paying: Data<Paying>,
    session: Session,
    id: Path<PaymentId>,
) -> Result<HttpResponse, Problem> {
    let payment = paying.find(session.sub, *id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(payment.form()))
}
