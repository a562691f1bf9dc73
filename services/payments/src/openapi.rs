//! The OpenAPI document of payments.

use actix_web::HttpResponse;
use utoipa::OpenApi;

/// The document, gathered from the handlers.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "payments",
        description = "Orders are paid by Stripe, or the money goes back."
    ),
    paths(
        crate::handlers::create::handle,
        crate::handlers::list::handle,
        crate::handlers::show::handle,
        crate::handlers::config::handle,
        crate::handlers::webhook::handle,
    )
)]
pub struct Document;

/// `GET /api/payments/openapi.json`
pub async fn handle() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
