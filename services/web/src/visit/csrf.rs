//! The token in every form: it shows that the form was made here, for this visitor.
//!
//! It is a keyed hash of what the visitor's browser alone has: the session, or a random cookie while there
//! is none. So it needs no memory, every instance accepts it, and it ends with the session. The browser's
//! own word on where a request comes from is checked before that, by `ticketing_http::cross_site`.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use ticketing_runtime::Settings;

/// The field that holds it.
pub const FIELD: &str = "csrf";

/// What tokens are made with, the same at every instance.
#[derive(Debug, Clone)]
pub struct FormKey(SecretString);

/// What a token is made for.
#[derive(Debug, Clone, Copy)]
pub enum BoundTo<'a> {
    /// The session's token, whether it is still valid or not.
    Session(&'a str),
    /// The random cookie of a visitor without one.
    Visit(&'a str),
}

/// The token.
#[derive(Clone, PartialEq, Eq)]
pub struct Csrf(String);

impl FormKey {
    /// Reads `FORM_KEY`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        settings.secret("FORM_KEY").map(Self)
    }

    /// The token for whoever has this.
    #[must_use]
    pub fn token(&self, whom: BoundTo<'_>) -> Csrf {
        // One can't be passed off as the other.
        let (kind, secret) = match whom {
            BoundTo::Session(token) => ("session", token),
            BoundTo::Visit(value) => ("visit", value),
        };
        let key = self.0.expose_secret().as_bytes();
        let mut hash = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
        hash.update(kind.as_bytes());
        hash.update(b":");
        hash.update(secret.as_bytes());
        Csrf(BASE64_URL_SAFE_NO_PAD.encode(hash.finalize().into_bytes()))
    }
}

impl Csrf {
    /// Whether a form had it.
    #[must_use]
    pub fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// As it stands in the field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> FormKey {
        FormKey(text.to_owned().into())
    }

    #[test]
    fn every_instance_accepts_it() {
        let token = key("a").token(BoundTo::Session("ann"));
        assert!(key("a").token(BoundTo::Session("ann")).is(token.as_str()));
    }

    #[test]
    fn nobody_elses_is_accepted() {
        let token = key("a").token(BoundTo::Session("ann"));
        for other in [
            key("a").token(BoundTo::Session("bob")),
            key("a").token(BoundTo::Visit("ann")),
            key("b").token(BoundTo::Session("ann")),
        ] {
            assert!(!token.is(other.as_str()));
        }
        assert!(!token.is(""));
        assert!(!token.is(&token.as_str()[1..]));
    }
}
