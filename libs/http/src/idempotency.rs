//! `Idempotency-Key`: a request that creates something and is sent twice creates it once
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! Here is what a client sees of it. Where answers are kept is the service's business: in the transaction
//! that creates the thing, so that there is never one without the other.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ticketing_contracts::ids::UserId;

use crate::Problem;

/// How long an answer is repeated. After that the key is as good as new.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The most characters of a key.
const LONGEST: usize = 255;

const HEADER: &str = "idempotency-key";

/// The key that a request carries, if it carries one; extracting it answers 400 when it is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Option<String>);

/// A request that can be told from others: the same user, route, key and body are the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatable {
    /// Whose key it is. Users know nothing of each other's.
    pub user: UserId,
    /// The method and the route's pattern.
    pub route: &'static str,
    /// 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the body as it was understood: neither spaces nor the order of fields count.
    pub fingerprint: [u8; 32],
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values, beside those that every answer has.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: String,
}

/// Why a request is not answered as its twin was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRepeated {
    /// Its twin has no answer yet.
    #[error("the first request with this key is still in flight")]
    InFlight,
    /// It has the other's key and is another request.
    #[error("the key was used for another request")]
    AnotherBody,
}

impl IdempotencyKey {
    /// What tells the request from others, if it carries a key.
    #[must_use]
    pub fn of(
        self,
        user: UserId,
        route: &'static str,
        body: &impl Serialize,
    ) -> Option<Repeatable> {
        let key = self.0?;
        let body = serde_json::to_vec(body).unwrap_or_default();
        Some(Repeatable {
            user,
            route,
            key,
            fingerprint: Sha256::digest(body).into(),
        })
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut keys = request.headers().get_all(HEADER);
        ready(match (keys.next(), keys.next()) {
            (None, _) => Ok(Self(None)),
            (Some(key), None) => match std::str::from_utf8(key.as_bytes()) {
                Ok(key) if is_key(key) => Ok(Self(Some(key.to_owned()))),
                _ => Err(no_key()),
            },
            (Some(_), Some(_)) => Err(no_key()),
        })
    }
}

fn is_key(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn no_key() -> Problem {
    let message = format!("Idempotency-Key must be 1 to {LONGEST} visible ASCII characters");
    Problem::bad_request(message)
}

impl Answer {
    /// The answer, for the first time or again.
    #[must_use]
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        for header in self.headers {
            response.insert_header(header);
        }
        response
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("application/json")
            .body(self.body)
    }
}

impl From<NotRepeated> for Problem {
    fn from(reason: NotRepeated) -> Self {
        match reason {
            NotRepeated::InFlight => Self::new(
                StatusCode::CONFLICT,
                "A request with this Idempotency-Key is still in flight",
            ),
            NotRepeated::AnotherBody => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key was used for another request",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};
    use rstest::rstest;
    use ticketing_contracts::ids::UserId;

    use super::*;

    async fn key(values: &[&[u8]]) -> Result<Option<String>, Problem> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((HEADER, HeaderValue::from_bytes(value).unwrap()));
        }
        let request = request.to_http_request();
        let extracted = IdempotencyKey::from_request(&request, &mut Payload::None).await;
        extracted.map(|key| key.0)
    }

    fn repeatable(key: &str, body: &impl Serialize) -> Option<Repeatable> {
        let user = UserId(Default::default());
        IdempotencyKey(Some(key.to_owned())).of(user, "POST /", body)
    }

    #[actix_web::test]
    async fn a_request_may_have_one_key() {
        assert_eq!(key(&[]).await, Ok(None));
        assert_eq!(key(&[b"a-1!"]).await, Ok(Some("a-1!".to_owned())));
        let longest = "x".repeat(255);
        assert_eq!(key(&[longest.as_bytes()]).await, Ok(Some(longest)));
    }

    #[rstest]
    #[case::empty(&[""])]
    #[case::a_space(&["a b"])]
    #[case::not_ascii(&["\u{fc}"])]
    #[case::two(&["a", "b"])]
    #[actix_web::test]
    async fn others_are_refused(#[case] values: &[&str]) {
        let values: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
        let problem = key(&values).await.unwrap_err();
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
    }

    #[actix_web::test]
    async fn neither_are_too_long_ones_and_other_bytes() {
        assert!(key(&[&[b'x'; 256]]).await.is_err());
        assert!(key(&[b"\xff"]).await.is_err());
    }

    #[test]
    fn a_fingerprint_is_that_of_what_was_said() {
        let body = |title: &str| serde_json::json!({"title": title, "price": 1});
        assert_eq!(repeatable("a", &body("x")), repeatable("a", &body("x")));
        assert_ne!(repeatable("a", &body("x")), repeatable("a", &body("y")));
        assert_ne!(repeatable("a", &body("x")), repeatable("b", &body("x")));
        let none = IdempotencyKey(None).of(UserId(Default::default()), "POST /", &1);
        assert_eq!(none, None);
    }

    #[test]
    fn an_answer_is_kept_whole() {
        let answer = Answer {
            status: 201,
            headers: vec![("location".into(), "/api/things/1".into())],
            body: r#"{"id":1}"#.into(),
        };
        let kept = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&kept).unwrap(), answer);
        let response = answer.into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        let header = |name| response.headers().get(name).unwrap();
        assert_eq!(header(header::LOCATION), "/api/things/1");
        assert_eq!(header(header::CONTENT_TYPE), "application/json");
    }
}
