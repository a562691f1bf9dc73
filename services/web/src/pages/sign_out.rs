//! `POST /auth/signout`

use actix_web::{
    HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    web::Data,
};
use serde::Deserialize;
use ticketing_http::session;

use crate::{clients::Clients, failure::Failure, live::Live, page, visit::Form};

/// A button.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// Ends the session in this browser, whether auth answers or not.
///
/// # Errors
/// [`Failure::Forged`] for a form of somebody else's.
pub async fn handle(
    form: Form<Nothing>,
    clients: Data<Clients>,
    live: Data<Live>,
) -> Result<HttpResponse, Failure> {
    // What is still open of it need not wait for its next request.
    if let Some(session) = &form.visit.session {
        live.signed_out(session);
    }
    let mut response = page::see_other("/");
    match clients.auth.sign_out(&form.visit.caller).await {
        Ok(began) => began.tell(&mut response),
        Err(_) => forget(&mut response)?,
    }
    Ok(response)
}

fn forget(response: &mut HttpResponse) -> Result<(), Failure> {
    let cookie = Cookie::build(session::COOKIE, "")
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(Duration::ZERO)
        .finish();
    response.add_cookie(&cookie).map_err(|_| Failure::Broken)
}
