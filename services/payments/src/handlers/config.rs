//! `GET /api/payments/config`

use actix_web::{HttpResponse, http::header, web::Data};
use ticketing_contracts::api::payments::PaymentConfig;

/// Tells a browser how to ask for a card.
#[utoipa::path(
    get,
    path = "/api/payments/config",
    responses((status = 200, description = "Stripe's publishable key, and where its script is", body = PaymentConfig))
)]
pub async fn handle(config: Data<PaymentConfig>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "max-age=60"))
        .json(&**config)
}
