//! `POST /api/users/signout`

use actix_web::HttpResponse;
use ticketing_contracts::api::{auth::SignedOut, problem::ProblemBody};
use ticketing_http::Visitor;

use super::cookie;

/// Makes the browser forget its session. The token itself stays valid until it ends.
#[utoipa::path(
    post,
    path = "/api/users/signout",
    responses(
        (status = 200, description = "The cookie is cleared", body = SignedOut),
        (status = 403, description = "A cross-site request", body = ProblemBody),
    )
)]
pub async fn handle(visitor: Visitor) -> HttpResponse {
    HttpResponse::Ok()
        .cookie(cookie::cleared(visitor))
        .json(SignedOut {})
}
