//! What the pages have in common that list something.

use actix_web::http::StatusCode;
use serde::Deserialize;

use crate::{
    clients::{ClientError, Paged},
    failure::Failure,
};

/// Which part of the list.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    cursor: Option<String>,
}

impl Asked {
    /// Where it begins; at the newest if nothing is said.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

/// What the service has answered; `None` while it can't be asked: the page is there without its list.
///
/// # Errors
/// [`Failure::BadRequest`] for a part of the list that there is not.
pub fn found<T>(answer: Result<T, ClientError>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(ClientError::Unavailable { .. }) => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

/// That of a page with or without its list.
#[must_use]
pub fn status<T>(found: Option<&T>) -> StatusCode {
    match found {
        Some(_) => StatusCode::OK,
        None => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The address of what follows, if anything does.
#[must_use]
pub fn next<T>(path: &str, found: Option<&Paged<T>>) -> Option<String> {
    let cursor = found?.next.as_deref()?;
    Some(with_cursor(path, Some(cursor)))
}

/// The address of a part of a list.
#[must_use]
pub fn with_cursor(path: &str, cursor: Option<&str>) -> String {
    let Some(cursor) = cursor else {
        return path.to_owned();
    };
    let query = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
    format!("{path}?{query}")
}
