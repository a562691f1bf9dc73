//! A ticket as it is sent: its JSON, and the entity tag that names this state of it (RFC 9110, section
//! 8.8.3).

use actix_web::{
    http::header::{ETAG, HeaderValue, LOCATION},
    web::Bytes,
};
use ticketing_http::idempotency::Answer;

use crate::domain::Ticket;

/// What is sent of a ticket. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// Names the state: the ticket's version and its stock's.
    pub tag: HeaderValue,
    /// JSON.
    pub body: Bytes,
}

impl Representation {
    /// # Errors
    /// None that a ticket could cause: all of them have a JSON form.
    pub fn of(ticket: Ticket) -> Result<Self, serde_json::Error> {
        let tag = tag(&ticket);
        Ok(Self {
            // Digits and quotes are visible.
            tag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")),
            body: serde_json::to_vec(&ticket.shown())?.into(),
        })
    }
}

/// 201, for a ticket that was just put up.
///
/// # Errors
/// As [`Representation::of`].
pub fn created(ticket: &Ticket) -> Result<Answer, serde_json::Error> {
    Ok(Answer {
        status: 201,
        headers: vec![
            (LOCATION.to_string(), format!("/api/tickets/{}", ticket.id)),
            (ETAG.to_string(), tag(ticket)),
        ],
        body: serde_json::to_string(&ticket.clone().shown())?,
    })
}

/// `"3-17"`: the third version, with the seventeenth stock. The first number is what `If-Match` goes by;
/// both together are what a cache has to know.
fn tag(ticket: &Ticket) -> String {
    format!("\"{}-{}\"", ticket.version, ticket.stock.version)
}
