//! `GET /selling/{id}`: how a ticket sells, for its seller.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;
use ticketing_contracts::{
    api::{
        orders::{Sales, SalesPoint},
        tickets::Ticket,
    },
    ids::TicketId,
    money::MajorUnits,
};

use super::parts::shown_title;
use crate::{
    chart::Chart,
    clients::{ClientError, Clients},
    failure::Failure,
    live,
    page::{self, Page},
    text::Text,
    visit::SignedIn,
};

/// The most rows of the table that stands for the chart.
const MOST_ROWS: usize = 60;

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    news: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "figures.html")]
pub struct FiguresPage {
    page: Page,
    id: TicketId,
    title: String,
    price: String,
    news: Option<News>,
    figures: FiguresPart,
    live: String,
}

#[derive(Debug)]
struct News {
    title: &'static str,
    hint: Option<&'static str>,
}

/// The figures and the chart. Fetched anew as they change.
#[derive(Debug, Template)]
#[template(path = "part/figures.html")]
pub struct FiguresPart {
    t: Text,
    id: TicketId,
    /// `None` while orders can't be asked.
    sales: Option<Sales>,
    /// `None` before the first order.
    chart: Option<Chart>,
}

/// Shows the figures of a ticket to its seller.
///
/// # Errors
/// [`Failure::Forbidden`] for another's, [`Failure::NotFound`].
pub async fn show(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<TicketId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let (ticket, sales) = futures::join!(
        clients.tickets.show(*id),
        clients.orders.sales(&visitor.caller, *id)
    );
    let ticket = ticket?;
    if ticket.user_id != visitor.user.id {
        return Err(Failure::Forbidden);
    }
    let figures = FiguresPart::of(visitor.text(), *id, usable(&ticket, sales)?);
    let t = visitor.text();
    let page = Page::new(&visitor, t.with("figures-title", "title", &ticket.title));
    let page = page.described(t.with("figures-description", "title", &ticket.title));
    let view = FiguresPage::of(page, &ticket, asked.news.as_deref(), figures);
    page::render(&view)
}

/// The figures by themselves: `GET /selling/{id}/figures`.
///
/// # Errors
/// As for the page; and when orders can't be asked: what is shown stays.
pub async fn figures(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let sales = clients.orders.sales(&visitor.caller, *id).await?;
    page::render(&FiguresPart::of(visitor.text(), *id, Some(sales)))
}

/// What can be shown: nothing while orders is away, and nothing yet when it has not heard of the ticket.
fn usable(ticket: &Ticket, sales: Result<Sales, ClientError>) -> Result<Option<Sales>, Failure> {
    match sales {
        Ok(sales) => Ok(Some(sales)),
        Err(ClientError::Unavailable { .. }) => Ok(None),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(Some(Sales {
            capacity: ticket.capacity,
            held: ticket.held,
            sold: ticket.sold,
            revenue: MajorUnits::from_minor(0, ticket.currency),
            currency: ticket.currency,
            series: Vec::new(),
        })),
        Err(error) => Err(error.into()),
    }
}

impl FiguresPage {
    pub(super) fn of(
        mut page: Page,
        ticket: &Ticket,
        news: Option<&str>,
        figures: FiguresPart,
    ) -> Self {
        // What is new is new once.
        page.path = format!("/selling/{}", ticket.id);
        let news = match news {
            Some("fresh") => Some(News {
                title: "figures-fresh",
                hint: Some("figures-fresh-hint"),
            }),
            Some("changed") => Some(News {
                title: "figures-changed",
                hint: None,
            }),
            _ => None,
        };
        Self {
            id: ticket.id,
            title: shown_title(&ticket.title),
            price: page.t.money(ticket.price, ticket.currency),
            news,
            figures,
            live: live::url(&page.since, [ticket.id], false),
            page: page.unlisted(),
        }
    }
}

impl FiguresPart {
    pub(super) fn of(t: Text, id: TicketId, sales: Option<Sales>) -> Self {
        Self {
            t,
            id,
            chart: sales
                .as_ref()
                .filter(|sales| sales.series.iter().any(|at| at.held > 0 || at.sold > 0))
                .and_then(|sales| Chart::of(t.language(), &sales.series)),
            sales,
        }
    }

    fn free(&self, sales: &Sales) -> i32 {
        (sales.capacity - sales.held - sales.sold).max(0)
    }

    /// The newest first, thinned out evenly: a table of 300 rows is read by nobody.
    fn rows<'s>(&self, sales: &'s Sales) -> Vec<&'s SalesPoint> {
        let every = sales.series.len().div_ceil(MOST_ROWS).max(1);
        sales.series.iter().rev().step_by(every).collect()
    }
}
