//! `GET /selling`: what a seller has put up.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use askama::Template;
use ticketing_contracts::{api::tickets::Ticket, ids::TicketId};

use super::{
    list::{self, Asked},
    parts::{ink, shown_title},
};
use crate::{
    clients::{Clients, Paged},
    failure::Failure,
    live,
    page::{self, Page},
    text::{Moment, Text},
    visit::SignedIn,
};

/// The page.
#[derive(Debug, Template)]
#[template(path = "selling.html")]
pub struct SellingPage {
    page: Page,
    /// `None` while tickets can't be asked.
    tickets: Option<Vec<Row>>,
    next: Option<String>,
    live: String,
}

#[derive(Debug)]
struct Row {
    id: TicketId,
    ink: u8,
    title: String,
    price: String,
    created: Moment,
    shares: Shares,
}

/// How many are sold, held and free, drawn. Fetched anew as it changes.
#[derive(Debug, Template)]
#[template(path = "part/shares.html")]
pub struct Shares {
    t: Text,
    capacity: i32,
    held: i32,
    sold: i32,
}

/// Lists a seller's tickets, newest first.
///
/// # Errors
/// [`Failure::SignIn`]; [`Failure::BadRequest`] for a page of the list that there is not.
pub async fn show(
    visitor: SignedIn,
    clients: Data<Clients>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let answer = clients.tickets.mine(&visitor.caller, asked.cursor());
    let found = list::found(answer.await)?;
    let t = visitor.text();
    let page = Page::new(&visitor, t.text("selling-title"));
    let page = page.described(t.text("selling-description"));
    let view = SellingPage::of(page, found.as_ref());
    page::with_status(list::status(found.as_ref()), &view)
}

/// One of the bars: `GET /selling/{id}/shares`.
///
/// # Errors
/// When tickets can't be asked: what is shown stays.
pub async fn shares(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let ticket = clients.tickets.show(*id).await?;
    page::render(&Shares::of(visitor.text(), &ticket))
}

impl SellingPage {
    pub(super) fn of(page: Page, found: Option<&Paged<Ticket>>) -> Self {
        let t = page.t;
        let items = found.map(|found| &*found.items);
        let shown = items.into_iter().flatten().map(|ticket| ticket.id);
        Self {
            tickets: items.map(|items| items.iter().map(|ticket| Row::new(t, ticket)).collect()),
            next: list::next("/selling", found),
            live: live::url(&page.since, shown, false),
            page: page.unlisted(),
        }
    }

    /// The page says how to begin where there is nothing yet.
    fn has_some(&self) -> bool {
        self.tickets
            .as_ref()
            .is_some_and(|tickets| !tickets.is_empty())
    }
}

impl Row {
    fn new(t: Text, ticket: &Ticket) -> Self {
        Self {
            id: ticket.id,
            ink: ink(ticket.id),
            title: shown_title(&ticket.title),
            price: t.money(ticket.price, ticket.currency),
            created: t.time(ticket.created_at),
            shares: Shares::of(t, ticket),
        }
    }
}

impl Shares {
    fn of(t: Text, ticket: &Ticket) -> Self {
        Self {
            t,
            capacity: ticket.capacity,
            held: ticket.held,
            sold: ticket.sold,
        }
    }

    fn free(&self) -> i32 {
        (self.capacity - self.held - self.sold).max(0)
    }

    fn sold_width(&self) -> i64 {
        self.width(self.sold)
    }

    /// Sold and held: the one is drawn over the other.
    fn taken_width(&self) -> i64 {
        self.width(self.sold + self.held)
    }

    /// Of 1,000. One of many is still to be seen.
    fn width(&self, count: i32) -> i64 {
        let capacity = i64::from(self.capacity).max(1);
        let width = (i64::from(count) * 1000 + capacity / 2) / capacity;
        if count > 0 { width.clamp(6, 1000) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::visit::Language;

    #[rstest]
    #[case(20, 0, 0, 0, 0)]
    #[case(20, 0, 10, 500, 500)]
    #[case(20, 5, 10, 500, 750)]
    #[case(20_000, 0, 1, 6, 6)]
    #[case(20, 0, 20, 1000, 1000)]
    // Held and sold may be ahead of a capacity that has just been lowered.
    #[case(20, 5, 20, 1000, 1000)]
    fn bars(
        #[case] capacity: i32,
        #[case] held: i32,
        #[case] sold: i32,
        #[case] sold_width: i64,
        #[case] taken_width: i64,
    ) {
        let shares = Shares {
            t: Text::new(Language::English),
            capacity,
            held,
            sold,
        };
        assert_eq!(shares.sold_width(), sold_width);
        assert_eq!(shares.taken_width(), taken_width);
    }
}
