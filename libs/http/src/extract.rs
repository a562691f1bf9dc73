//! Request bodies: JSON of bounded size, checked before a handler sees it.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web::{Bytes, BytesMut},
};
use futures::StreamExt;
use garde::Validate;
use serde::de::DeserializeOwned;
use ticketing_contracts::api::problem::ErrorItem;

use crate::Problem;

/// The most bytes of a body, unless the service says otherwise by [`BodyLimit`].
const DEFAULT_LIMIT: BodyLimit = BodyLimit(16 * 1024);

/// The most bytes of a request's body. Put it into the app's data to change it.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A JSON body that has passed its type's checks.
///
/// Answers 415 unless the body says that it is JSON, 413 when it is too large, 400 when it is not
/// JSON, of the wrong type or invalid (naming every field that is).
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> FromRequest for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()> + 'static,
{
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<BodyLimit>().unwrap_or(&DEFAULT_LIMIT).0;
        let checked = check_head(request, limit);
        let payload = payload.take();
        Box::pin(async move {
            checked?;
            let body = read(payload, limit).await?;
            parse(&body).map(Json)
        })
    }
}

fn check_head(request: &HttpRequest, limit: usize) -> Result<(), Problem> {
    let headers = request.headers();
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if !json {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "The body must be application/json"));
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    if declared
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: usize| length > limit)
    {
        return Err(too_large(limit));
    }
    Ok(())
}

async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("The body could not be read"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(limit: usize) -> Problem {
    let message = format!("The body must not exceed {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// Parses and checks a body. Messages name the field and what was expected there, never the value:
/// it may be a password in the wrong place.
fn parse<T: DeserializeOwned + Validate<Context = ()>>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if !error.is_data() {
            return Problem::bad_request("The body is not valid JSON");
        }
        let message = expectation(&error.to_string());
        let field = Some(path).filter(|path| path != ".");
        Problem::invalid(vec![ErrorItem { message, field }])
    })?;
    reader
        .end()
        .map_err(|_| Problem::bad_request("The body is not valid JSON"))?;
    value.validate().map_err(|report| {
        let item = |(path, error): &(garde::Path, garde::Error)| ErrorItem {
            message: error.message().to_owned(),
            field: Some(camel_case(&path.to_string())).filter(|path| !path.is_empty()),
        };
        Problem::invalid(report.iter().map(item).collect())
    })?;
    Ok(value)
}

/// A path of Rust's names as one of JSON's: `items[0].ticket_id` is the client's `items[0].ticketId`.
fn camel_case(path: &str) -> String {
    let mut words = path.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut path, word| {
        let mut letters = word.chars();
        path.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        path + letters.as_str()
    })
}

/// serde says `invalid type: string "…", expected u32 at line 1 column 7`, or names the field that
/// is missing or unknown.
fn expectation(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("Expected {expected}"),
        None if message.starts_with("missing field") => {
            format!(
                "Missing field{}",
                message.trim_start_matches("missing field").replace('`', "")
            )
        }
        None => "Has a value that can't be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ticketing_contracts::api::auth::SignUp;

    use super::*;

    #[rstest]
    #[case("", "The body is not valid JSON", None)]
    #[case("{", "The body is not valid JSON", None)]
    #[case("{\"email\": \"\u{1}\"}", "The body is not valid JSON", None)]
    #[case(
        r#"{"email":"a@b.co","password":"12345678"} x"#,
        "The body is not valid JSON",
        None
    )]
    #[case("[]", "Expected struct SignUp with 2 elements", None)]
    #[case("{}", "Missing field email", None)]
    #[case(r#"{"email": "a@b.co"}"#, "Missing field password", None)]
    #[case(
        r#"{"email": 7, "password": "12345678"}"#,
        "Expected a string",
        Some("email")
    )]
    #[case(
        r#"{"email": "a@b.co", "password": ["hunter2"]}"#,
        "Expected a string",
        Some("password")
    )]
    #[case(
        r#"{"email": "a", "password": "12345678"}"#,
        "Email must be valid",
        Some("email")
    )]
    fn what_a_client_is_told(
        #[case] body: &str,
        #[case] message: &str,
        #[case] field: Option<&str>,
    ) {
        let problem = parse::<SignUp>(body.as_bytes()).unwrap_err();
        let expected = ErrorItem {
            message: message.into(),
            field: field.map(Into::into),
        };
        assert_eq!(problem, Problem::invalid(vec![expected]));
    }

    #[rstest]
    #[case("", "")]
    #[case("title", "title")]
    #[case("max_per_order", "maxPerOrder")]
    #[case("items[0].ticket_id", "items[0].ticketId")]
    fn fields_have_the_names_that_the_client_knows(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(camel_case(path), expected);
    }

    #[test]
    fn every_invalid_field_is_named() {
        let problem = parse::<SignUp>(br#"{"email": "a", "password": "1"}"#).unwrap_err();
        assert!(
            problem
                .to_string()
                .contains("Email must be valid; Password must be"),
            "{problem}"
        );
    }

    #[test]
    fn a_value_is_never_repeated() {
        let problem = parse::<SignUp>(br#""hunter2""#).unwrap_err();
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
}
