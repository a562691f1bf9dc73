//! `POST /api/users/signin`

use actix_web::{HttpResponse, web::Data};
use ticketing_contracts::api::{
    auth::{SignIn, User},
    problem::ProblemBody,
};
use ticketing_http::{Json, Problem, Visitor};

use super::cookie;
use crate::accounts::Accounts;

/// Begins a session.
///
/// # Errors
/// 400 for a wrong password and for an unknown address alike, 429, 503.
#[utoipa::path(
    post,
    path = "/api/users/signin",
    request_body = SignIn,
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = User),
        (status = 400, description = "Invalid, or `Invalid credentials`", body = ProblemBody),
        (status = 403, description = "A cross-site request", body = ProblemBody),
        (status = 413, description = "Too large", body = ProblemBody),
        (status = 415, description = "Not JSON", body = ProblemBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    accounts: Data<Accounts>,
    visitor: Visitor,
    body: Json<SignIn>,
) -> Result<HttpResponse, Problem> {
    let Json(SignIn { email, password }) = body;
    let (user, token) = accounts.sign_in(visitor, &email, password).await?;
    Ok(HttpResponse::Ok()
        .cookie(cookie::holding(&token, visitor))
        .json(user))
}
