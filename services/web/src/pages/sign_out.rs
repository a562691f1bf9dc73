//! `POST /auth/signout`

use std::time::Duration;

use actix_web::{
    HttpResponse,
    cookie::{self, Cookie, SameSite},
    rt,
    web::Data,
};
use serde::Deserialize;
use ticketing_http::session;

use crate::{clients::Clients, failure::Failure, live::Live, page, visit::Form};

/// Pages that are still open of it are told so much later: by then the browser has forgotten the session. One
/// that was loaded anew before that would be somebody's again.
const TOLD: Duration = Duration::from_secs(1);

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
    let mut response = page::see_other("/");
    match clients.auth.sign_out(&form.visit.caller).await {
        Ok(began) => began.tell(&mut response),
        Err(_) => forget(&mut response)?,
    }
    if let Some(session) = form.visit.session {
        rt::spawn(async move {
            rt::time::sleep(TOLD).await;
            live.signed_out(&session);
        });
    }
    Ok(response)
}

fn forget(response: &mut HttpResponse) -> Result<(), Failure> {
    let cookie = Cookie::build(session::COOKIE, "")
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(cookie::time::Duration::ZERO)
        .finish();
    response.add_cookie(&cookie).map_err(|_| Failure::Broken)
}
