//! Answers with the headers that Stripe's have.

use std::fmt;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header::WWW_AUTHENTICATE},
};
use serde_json::Value;

use crate::domain::{entry::Entry, error::StripeError, id};

/// The answer to a request that was done, or is a repeat of one.
pub fn entry(entry: &Entry, repeated: bool) -> HttpResponse {
    let status = StatusCode::from_u16(entry.status()).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    if repeated {
        response.insert_header(("Idempotent-Replayed", "true"));
        response.insert_header(("Original-Request", entry.request.as_str()));
        response.insert_header(("Request-Id", id::new("req")));
    } else {
        response.insert_header(("Request-Id", entry.request.as_str()));
    }
    if let Some(key) = &entry.key {
        response.insert_header(("Idempotency-Key", key.key.as_str()));
    }
    response.json(entry.body())
}

/// The answer to a request that looks and changes nothing.
pub fn value(value: &Value) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header(("Request-Id", id::new("req")));
    response.json(value)
}

/// The answer to a request that did not begin.
pub fn error(error: &StripeError) -> HttpResponse {
    let mut response = HttpResponse::build(error.status_code());
    response.insert_header(("Request-Id", id::new("req")));
    if error.status == 401 {
        response.insert_header((WWW_AUTHENTICATE, r#"Bearer realm="Stripe""#));
    }
    response.json(error.body(None))
}

/// Any other path.
pub async fn unrecognized(request: HttpRequest) -> Result<&'static str, StripeError> {
    let (method, path) = (request.method().as_str(), request.path());
    Err(StripeError::unrecognized(method, path))
}

impl fmt::Display for StripeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for StripeError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        error(self)
    }
}
