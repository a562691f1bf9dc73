//! `GET /tickets/{id}`: one ticket, and how to have it.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;
use ticketing_contracts::{api::tickets::Ticket, ids::TicketId};

use super::{
    parts::{Stock, StubPrice, ink, is_long_title, serial, shown_title},
    random_key, refusal,
};
use crate::{
    clients::{ClientError, Clients},
    failure::Failure,
    found::JsonLd,
    live,
    page::{self, Page},
    text::Text,
    visit::Visit,
};

/// What was chosen before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    quantity: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "ticket.html")]
pub struct TicketPage {
    page: Page,
    id: TicketId,
    offer: OfferPart,
    live: String,
}

/// What the seller offers, with the form to have it. Fetched anew when the seller changes it.
#[derive(Debug, Template)]
#[template(path = "part/offer.html")]
pub struct OfferPart {
    t: Text,
    csrf: String,
    /// Makes a form that is sent twice one order.
    key: String,
    signed_in: bool,
    quantity: i32,
    /// What that comes to.
    sum: String,
    /// Why nothing was reserved.
    refused: Option<String>,
    /// Other orders of theirs have to do with it.
    orders: bool,
    /// `None` when it was withdrawn.
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    id: TicketId,
    serial: String,
    ink: u8,
    title: String,
    long_title: bool,
    capacity: i32,
    price: StubPrice,
    /// For the form, to notice when it has changed.
    plain_price: String,
    minor: i64,
    decimals: u8,
    currency: &'static str,
    /// The most of one order.
    most: i32,
    /// What the seller limits, in words.
    terms: String,
    own: bool,
    stock: Stock,
}

/// Shows a ticket.
///
/// # Errors
/// [`Failure::NotFound`] when there is none, or it was withdrawn.
pub async fn show(
    visit: Visit,
    clients: Data<Clients>,
    id: Path<TicketId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let ticket = clients.tickets.show(*id).await?;
    let offer = OfferPart::new(&visit, Some(&ticket), asked.quantity());
    page::render(&TicketPage::new(&visit, &ticket, offer))
}

/// The part of it that goes with the seller's edits: `GET /tickets/{id}/offer`.
///
/// # Errors
/// When tickets can't be asked: what is shown stays.
pub async fn offer(
    visit: Visit,
    clients: Data<Clients>,
    id: Path<TicketId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let ticket = match clients.tickets.show(*id).await {
        Ok(ticket) => Some(ticket),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => None,
        Err(error) => return Err(error.into()),
    };
    page::render(&OfferPart::new(&visit, ticket.as_ref(), asked.quantity()))
}

impl Asked {
    fn quantity(&self) -> i32 {
        let quantity = self.quantity.as_deref().and_then(|text| text.parse().ok());
        quantity.unwrap_or(1)
    }
}

impl TicketPage {
    /// The page of a ticket.
    #[must_use]
    pub fn new(visit: &Visit, ticket: &Ticket, offer: OfferPart) -> Self {
        let page = Page::new(visit, ticket.title.clone());
        Self::of(page, ticket, offer)
    }

    pub(super) fn of(mut page: Page, ticket: &Ticket, offer: OfferPart) -> Self {
        let path = format!("/tickets/{}", ticket.id);
        let price = page.t.money(ticket.price, ticket.currency);
        let title = ("title", &ticket.title);
        let described = page
            .t
            .with2("ticket-description", title.0, title.1, "price", price);
        let json_ld = JsonLd::of_ticket(ticket, &page.head.absolute(&path));
        // A form that was refused is shown at its own address: nobody can come back to that.
        if !page.is_at(&path) {
            page.path.clone_from(&path);
        }
        let page = page
            .described(described)
            .canonical(&path)
            .with_json_ld(json_ld);
        Self {
            live: live::url(&page.since, [ticket.id], false),
            id: ticket.id,
            page,
            offer,
        }
    }
}

impl OfferPart {
    /// What is to be seen of a ticket, or that it is gone.
    #[must_use]
    pub fn new(visit: &Visit, ticket: Option<&Ticket>, quantity: i32) -> Self {
        let page = Page::new(visit, "");
        Self::of(&page, ticket, quantity)
    }

    pub(super) fn of(page: &Page, ticket: Option<&Ticket>, quantity: i32) -> Self {
        let user = page.session.as_ref().map(|user| user.id);
        let shown = ticket.map(|ticket| Shown {
            own: user == Some(ticket.user_id),
            ..Shown::new(page, ticket)
        });
        let most = shown.as_ref().map_or(1, |shown| shown.most);
        let quantity = quantity.clamp(1, most);
        let sum = ticket.map(|ticket| {
            let minor = ticket.price.to_minor(ticket.currency).unwrap_or_default();
            super::amount(page.t, minor * i64::from(quantity), ticket.currency)
        });
        Self {
            t: page.t,
            csrf: page.csrf.clone(),
            key: random_key(),
            signed_in: page.session.is_some(),
            quantity,
            sum: sum.unwrap_or_default(),
            refused: None,
            orders: false,
            shown,
        }
    }

    /// The same after an order that did not come about.
    #[must_use]
    pub fn refused(mut self, words: String) -> Self {
        self.refused = Some(words);
        self
    }

    /// The same with a way to the orders that are why it did not.
    #[must_use]
    pub fn with_orders(mut self, error: &ClientError) -> Self {
        self.orders = refusal::is_for_orders(error);
        self
    }

    /// The same with the key of an order that may have come about after all.
    #[must_use]
    pub fn with_key(mut self, error: &ClientError, key: &str) -> Self {
        if matches!(error, ClientError::Unavailable { .. }) && super::is_key(key) {
            key.clone_into(&mut self.key);
        }
        self
    }
}

impl Shown {
    fn new(page: &Page, ticket: &Ticket) -> Self {
        let t = page.t;
        let price = t.money(ticket.price, ticket.currency);
        let stock = Stock::of(t, ticket, page.now);
        let limits = [ticket.max_per_order, ticket.max_per_person];
        let most = limits.into_iter().flatten().chain([ticket.capacity]).min();
        let terms = [
            ticket
                .max_per_order
                .map(|count| t.with("ticket-per-order", "count", count)),
            ticket
                .max_per_person
                .map(|count| t.with("ticket-per-person", "count", count)),
        ];
        Self {
            id: ticket.id,
            serial: serial(ticket.id.0),
            ink: ink(ticket.id),
            title: shown_title(&ticket.title),
            long_title: is_long_title(&ticket.title),
            capacity: ticket.capacity,
            price: StubPrice::new(&price),
            plain_price: ticket.price.to_string(),
            minor: ticket.price.to_minor(ticket.currency).unwrap_or_default(),
            decimals: ticket.currency.decimals(),
            currency: ticket.currency.code(),
            most: most.unwrap_or(1).max(1),
            terms: terms.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            own: false,
            stock,
        }
    }
}
