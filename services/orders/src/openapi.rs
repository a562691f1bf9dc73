//! The OpenAPI document of orders.

use actix_web::HttpResponse;
use utoipa::OpenApi;

/// The document, gathered from the handlers.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "orders",
        description = "What buyers hold, and what has been sold."
    ),
    paths(
        crate::handlers::create::handle,
        crate::handlers::list::handle,
        crate::handlers::show::handle,
        crate::handlers::cancel::handle,
        crate::handlers::sales::handle,
    )
)]
pub struct Document;

/// `GET /api/orders/openapi.json`
pub async fn handle() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
