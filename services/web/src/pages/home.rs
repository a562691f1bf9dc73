//! `GET /`: what is on sale.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;
use ticketing_contracts::{api::tickets::Ticket, ids::TicketId};

use super::{
    list,
    parts::{Stock, StubPrice, ink, serial, shown_title},
};
use crate::{
    clients::{Clients, List, Paged},
    failure::Failure,
    live,
    page::{self, Page},
    visit::Visit,
};

/// The longest search that is passed on.
const SEARCH_MAX_LENGTH: usize = 200;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    q: Option<String>,
    cursor: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    page: Page,
    q: String,
    /// Not the beginning of the list.
    later: bool,
    /// `None` while tickets can't be asked.
    offers: Option<Vec<Offer>>,
    /// The address of what follows.
    next: Option<String>,
    live: String,
}

/// One ticket of the list.
#[derive(Debug)]
pub struct Offer {
    id: TicketId,
    serial: String,
    ink: u8,
    title: String,
    price: StubPrice,
    stock: Stock,
}

/// Lists what can be had.
///
/// # Errors
/// [`Failure::BadRequest`] for a page of the list that there is not.
pub async fn show(
    visit: Visit,
    clients: Data<Clients>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let q = asked.q.as_deref().unwrap_or_default().trim();
    let q: String = q.chars().take(SEARCH_MAX_LENGTH).collect();
    let wanted = List {
        q: Some(q.clone()).filter(|q| !q.is_empty()),
        cursor: asked.cursor.clone(),
    };
    let found = list::found(clients.tickets.list(wanted).await)?;
    let status = list::status(found.as_ref());
    page::with_status(status, &Home::new(&visit, q, asked.cursor.is_some(), found))
}

impl Home {
    /// The page for a visitor.
    #[must_use]
    pub fn new(visit: &Visit, q: String, later: bool, found: Option<Arc<Paged<Ticket>>>) -> Self {
        let t = visit.text();
        let title = if q.is_empty() {
            t.text("home-title").into_owned()
        } else {
            t.with("home-found", "q", &q)
        };
        let page = Page::new(visit, title).described(t.text("home-description"));
        Self::of(page, q, later, found.as_deref())
    }

    pub(super) fn of(page: Page, q: String, later: bool, found: Option<&Paged<Ticket>>) -> Self {
        // What was searched for, and later parts of the list, come and go.
        let page = if q.is_empty() && !later {
            page.canonical("/")
        } else {
            page.unlisted()
        };
        let items = found.map(|found| &*found.items);
        let shown = items.into_iter().flatten().map(|ticket| ticket.id);
        let live = live::url(&page.since, shown, true);
        let offer = |ticket| Offer::new(&page, ticket);
        let offers = items.map(|items| items.iter().map(offer).collect());
        let next = found.and_then(|found| found.next.as_deref());
        Self {
            offers,
            next: next.map(|cursor| part(&q, Some(cursor))),
            live,
            page,
            q,
            later,
        }
    }

    fn is_first(&self) -> bool {
        self.q.is_empty() && !self.later
    }

    /// A search that has no answer.
    fn finds_nothing(&self) -> bool {
        !self.q.is_empty() && self.offers.as_ref().is_some_and(Vec::is_empty)
    }

    /// The address of the beginning of this list.
    fn first_page(&self) -> String {
        part(&self.q, None)
    }
}

impl Offer {
    fn new(page: &Page, ticket: &Ticket) -> Self {
        let price = page.t.money(ticket.price, ticket.currency);
        Self {
            id: ticket.id,
            serial: serial(ticket.id.0),
            ink: ink(ticket.id),
            title: shown_title(&ticket.title),
            price: StubPrice::new(&price),
            stock: Stock::of(page.t, ticket, page.now),
        }
    }
}

/// The address of a part of the list.
fn part(q: &str, cursor: Option<&str>) -> String {
    let asked = [("q", Some(q).filter(|q| !q.is_empty())), ("cursor", cursor)];
    let query = serde_urlencoded::to_string(asked).unwrap_or_default();
    if query.is_empty() {
        return "/".to_owned();
    }
    format!("/?{query}")
}
