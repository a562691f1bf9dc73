//! Who asks: a server with the secret key, or a browser with the publishable one.

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use secrecy::ExposeSecret;

use crate::{config::Settings, domain::error::StripeError};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Whoever has the secret key: may do everything.
    Server,
    /// Whoever has the publishable key: may hand over a card.
    Browser,
}

/// Tells by the key in the header, or in the parameter `key`.
///
/// # Errors
/// When there is none, or it is nobody's.
pub fn authenticate(
    request: &HttpRequest,
    parameter: Option<&str>,
    settings: &Settings,
) -> Result<Caller, StripeError> {
    let header = request.headers().get(AUTHORIZATION);
    let header = header.and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
    let Some(key) = header.or(parameter) else {
        return Err(StripeError::unauthorized(
            None,
            "You did not provide an API key. You need to provide your API key in the Authorization \
             header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        ));
    };
    if key == settings.key.expose_secret() {
        Ok(Caller::Server)
    } else if key == settings.publishable_key {
        Ok(Caller::Browser)
    } else {
        // As at Stripe, the start tells which key it is, and no more.
        let start: String = key.chars().take(8).collect();
        let message = format!("Invalid API Key provided: {start}****");
        Err(StripeError::unauthorized(None, message))
    }
}

impl Caller {
    /// Lets servers pass.
    ///
    /// # Errors
    /// For a browser.
    pub fn is_server(self) -> Result<(), StripeError> {
        match self {
            Self::Server => Ok(()),
            Self::Browser => Err(StripeError::unauthorized(
                Some("secret_key_required"),
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
            )),
        }
    }
}
