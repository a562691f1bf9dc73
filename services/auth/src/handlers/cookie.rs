//! The session cookie.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use ticketing_http::{Visitor, session::COOKIE};

use crate::domain::session::{LIFETIME, Token};

/// A cookie that holds the session and ends with it.
pub(super) fn holding(token: &Token, visitor: Visitor) -> Cookie<'static> {
    with(
        token.as_str().to_owned(),
        Duration::seconds(LIFETIME.num_seconds()),
        visitor,
    )
}

/// A cookie that makes the browser forget the session.
pub(super) fn cleared(visitor: Visitor) -> Cookie<'static> {
    with(String::new(), Duration::ZERO, visitor)
}

fn with(value: String, age: Duration, visitor: Visitor) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(visitor.https)
        .max_age(age)
        .finish()
}
