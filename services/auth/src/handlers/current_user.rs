//! `GET /api/users/currentuser`

use actix_web::{HttpResponse, http::header};
use ticketing_contracts::api::auth::CurrentUser;
use ticketing_http::Session;

/// Tells whose session the request has, from the token alone.
#[utoipa::path(
    get,
    path = "/api/users/currentuser",
    responses((status = 200, description = "The user, or null without a valid session", body = CurrentUser))
)]
pub async fn handle(session: Option<Session>) -> HttpResponse {
    let current_user = session.map(|session| session.user());
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(CurrentUser { current_user })
}
