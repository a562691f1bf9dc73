//! auth's OpenAPI document.

use actix_web::HttpResponse;
use utoipa::OpenApi;

/// The document, gathered from the handlers.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "auth", description = "Users and sessions."),
    paths(
        crate::handlers::sign_up::handle,
        crate::handlers::sign_in::handle,
        crate::handlers::sign_out::handle,
        crate::handlers::current_user::handle,
        crate::handlers::jwks::handle,
    )
)]
pub struct Document;

/// `GET /api/users/openapi.json`
pub async fn handle() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
