//! tickets' OpenAPI document.

use actix_web::HttpResponse;
use utoipa::OpenApi;

/// The document, gathered from the handlers.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "tickets", description = "What sellers put up."),
    paths(
        crate::handlers::list::handle,
        crate::handlers::create::handle,
        crate::handlers::show::handle,
        crate::handlers::edit::handle,
        crate::handlers::withdraw::handle,
    )
)]
pub struct Document;

/// `GET /api/tickets/openapi.json`
pub async fn handle() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
