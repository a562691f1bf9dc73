//! `GET /api/users/.well-known/jwks.json`

use actix_web::{HttpResponse, http::header, web::Data};

use crate::accounts::Accounts;

/// The public keys that sessions are verified with (RFC 7517).
#[utoipa::path(
    get,
    path = "/api/users/.well-known/jwks.json",
    responses((status = 200, description = "A JWK set", body = serde_json::Value))
)]
pub async fn handle(accounts: Data<Accounts>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .json(accounts.public_keys())
}
