//! Pages: whoever asks for the same one at once gets the same.

use actix_web::{http::header::HeaderValue, web::Bytes};
use ticketing_contracts::api;
use ticketing_postgres::Pool;

use super::gather::Source;
use crate::{
    domain::{PageRequest, Ticket},
    error::Error,
    store::pages,
};

/// What is sent of a page. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// JSON: an array of tickets.
    pub body: Bytes,
    /// The `Link` header (RFC 8288) to the next page, if there is one.
    pub link: Option<HeaderValue>,
}

pub(super) struct Pages(pub(super) Pool);

impl Source for Pages {
    type Lane = PageRequest;
    type Question = ();
    type Answer = Page;

    async fn answer(&self, request: &PageRequest, _: Vec<()>) -> Result<Page, Error> {
        let tickets = pages::page(&mut *self.0.get().await?, request).await?;
        page(request, tickets)
    }
}

/// `tickets` may have one more than the page: then there is another page.
fn page(request: &PageRequest, mut tickets: Vec<Ticket>) -> Result<Page, Error> {
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let more = tickets.len() > limit;
    tickets.truncate(limit);
    let last = tickets.last().filter(|_| more);
    let link = last.map(|last| format!("<{}>; rel=\"next\"", request.next(last.id)));
    // What is in the query is encoded.
    let link = link.and_then(|link| HeaderValue::from_str(&link).ok());
    let shown: Vec<api::tickets::Ticket> = tickets.into_iter().map(Ticket::shown).collect();
    let body = serde_json::to_vec(&shown)?.into();
    Ok(Page { body, link })
}
