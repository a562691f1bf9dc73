//! The header `Idempotency-Key`: the client's name for a request that it may have to repeat.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderMap};
use ticketing_http::Problem;

/// The longest that is taken.
const LONGEST: usize = 255;

const NAME: &str = "idempotency-key";

/// The key, if the request has one. One that can't be kept is answered 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(NAME);
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let bytes = value.as_bytes();
        let usable = (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        let text = value.to_str().ok().filter(|_| usable);
        match (text, values.next()) {
            (Some(text), None) => Ok(Self(Some(text.to_owned()))),
            _ => Err(Problem::bad_request(
                "Idempotency-Key must be one value of 1 to 255 visible ASCII characters",
            )),
        }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request.headers()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};
    use rstest::rstest;

    use super::*;

    const TOO_LONG: &str = match std::str::from_utf8(&[b'a'; LONGEST + 1]) {
        Ok(text) => text,
        Err(_) => "",
    };

    fn key(values: &[&str]) -> Result<Option<String>, StatusCode> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((NAME, *value));
        }
        let key = IdempotencyKey::of(request.to_http_request().headers());
        key.map(|key| key.0).map_err(|problem| problem.status())
    }

    #[test]
    fn a_key_is_taken_as_it_is() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["a"]), Ok(Some("a".to_owned())));
        let longest = "~".repeat(255);
        assert_eq!(key(&[&longest]), Ok(Some(longest)));
    }

    #[rstest]
    #[case::empty(&[""])]
    #[case::space(&["a b"])]
    #[case::too_long(&[TOO_LONG])]
    #[case::not_ascii(&["schl\u{fc}ssel"])]
    #[case::two(&["a", "a"])]
    fn others_are_refused(#[case] values: &[&str]) {
        assert_eq!(key(values), Err(StatusCode::BAD_REQUEST));
    }
}
