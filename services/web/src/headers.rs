//! What every answer says to the browser about itself: what it may load, and how long it may keep it.

use actix_web::{
    HttpMessage, HttpResponse,
    body::BoxBody,
    cookie::{Cookie, SameSite},
    dev::ServiceResponse,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue},
};
use ticketing_http::Visitor;

use crate::visit::{VISIT_COOKIE, Visit};

/// From where a page may load more than its own. Put it into a response by [`load_from`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFrom {
    /// Stripe's card form: <https://docs.stripe.com/security/guide#content-security-policy>.
    Stripe,
}

/// Lets a page load from there.
#[must_use]
pub fn load_from(mut response: HttpResponse, source: LoadFrom) -> HttpResponse {
    response.extensions_mut().insert(source);
    response
}

/// Puts the headers, and the cookie of a visitor who has none.
pub(crate) fn put(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let visit = response.request().extensions().get::<Visit>().cloned();
    let source = response.response().extensions().get::<LoadFrom>().copied();
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        if !headers.contains_key(name) {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
    }
    let kind = headers.get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        let nonce = visit.as_ref().map(|visit| visit.nonce.as_str());
        if let Ok(policy) = HeaderValue::from_str(&policy(nonce, source)) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
    if let Some(value) = visit.and_then(|visit| visit.new_cookie) {
        give(&mut response, value);
    }
    response
}

/// Gives a visitor the cookie that its forms are bound to. It ends with the browser.
fn give(response: &mut ServiceResponse<BoxBody>, value: String) {
    let cookie = Cookie::build(VISIT_COOKIE, value)
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(Visitor::of(response.request()).https)
        .finish();
    if let Err(error) = response.response_mut().add_cookie(&cookie) {
        tracing::error!(%error, "the visitor's cookie could not be set");
    }
}

/// Unless the answer says otherwise itself.
const EVERYWHERE: [(&str, &str); 4] = [
    // What is told to one visitor is nobody else's, and may be different the next time.
    ("cache-control", "private, no-cache"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), usb=()",
    ),
];

/// The Content Security Policy: only our own files, and what carries the nonce.
fn policy(nonce: Option<&str>, source: Option<LoadFrom>) -> String {
    let nonce = nonce.map_or_else(String::new, |nonce| format!(" 'nonce-{nonce}'"));
    let (script, frame, connect) = match source {
        Some(LoadFrom::Stripe) => (
            " https://js.stripe.com https://*.js.stripe.com",
            "'self' https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
            " https://api.stripe.com",
        ),
        None => ("", "'self'", ""),
    };
    [
        "default-src 'self'".to_owned(),
        format!("script-src 'self'{nonce}{script}"),
        format!("style-src 'self'{nonce}"),
        "img-src 'self' data:".to_owned(),
        "font-src 'self'".to_owned(),
        format!("connect-src 'self'{connect}"),
        format!("frame-src {frame}"),
        "frame-ancestors 'none'".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'self'".to_owned(),
        "object-src 'none'".to_owned(),
        "report-uri /csp-report".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_runs_but_ours() {
        let policy = policy(Some("abc"), None);
        assert!(
            policy.contains("script-src 'self' 'nonce-abc';"),
            "{policy}"
        );
        assert!(policy.contains("style-src 'self' 'nonce-abc';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
    }

    #[test]
    fn stripe_is_let_in_where_it_is_needed() {
        let policy = policy(Some("abc"), Some(LoadFrom::Stripe));
        for part in [
            "script-src 'self' 'nonce-abc' https://js.stripe.com",
            "connect-src 'self' https://api.stripe.com;",
            "https://hooks.stripe.com;",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
    }
}
