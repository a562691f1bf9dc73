//! `POST /api/users/signup`

use actix_web::{HttpResponse, web::Data};
use ticketing_contracts::api::{
    auth::{SignUp, User},
    problem::ProblemBody,
};
use ticketing_http::{Json, Problem, Visitor};

use super::cookie;
use crate::accounts::Accounts;

/// Makes an account and begins a session.
///
/// # Errors
/// 400 when the address is in use, 429, 503.
#[utoipa::path(
    post,
    path = "/api/users/signup",
    request_body = SignUp,
    responses(
        (status = 201, description = "The account; the session is in the cookie", body = User),
        (status = 400, description = "Invalid, or `Email in use`", body = ProblemBody),
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
    body: Json<SignUp>,
) -> Result<HttpResponse, Problem> {
    let Json(SignUp { email, password }) = body;
    let (user, token) = accounts.sign_up(visitor, &email, password).await?;
    Ok(HttpResponse::Created()
        .cookie(cookie::holding(&token, visitor))
        .json(user))
}
