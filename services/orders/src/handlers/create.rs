//! `POST /api/orders`

use actix_web::{HttpResponse, web::Data};
use ticketing_contracts::api::{
    orders::{NewOrder, Order},
    problem::ProblemBody,
};
use ticketing_http::{Json, Problem, Session, idempotency::IdempotencyKey};

use super::form;
use crate::orders::Orders;

/// Places an order: its tickets are the buyer's to pay for until `expiresAt`.
///
/// # Errors
/// 409 when not all of it can be had: then nothing is held.
#[utoipa::path(
    post,
    path = "/api/orders",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "A repeat with the same key and body gets the order of the first; 1 to 255 visible \
                       ASCII characters"
    )),
    request_body = NewOrder,
    responses(
        (status = 201, description = "The order; also for a repeat", body = Order),
        (status = 400, description = "Invalid, several currencies, or more than one order may have", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "A cross-site request", body = ProblemBody),
        (status = 404, description = "No such ticket", body = ProblemBody),
        (status = 409, description = "Reserved, sold out, more than one person may have, or another price by now", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 415, description = "Not JSON", body = ProblemBody),
        (status = 422, description = "The key was used for another order", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    orders: Data<Orders>,
    session: Session,
    key: IdempotencyKey,
    body: Json<NewOrder>,
) -> Result<HttpResponse, Problem> {
    let Json(new) = body;
    // However it was written, the same items are the same request.
    let items = new.into_items();
    let request = key.of(session.sub, "POST /api/orders", &items);
    let order = orders.place(session.sub, items, request).await?;
    // A repeat may find it paid: the order says so itself.
    Ok(HttpResponse::Created().json(form::of(&order, None)?))
}
