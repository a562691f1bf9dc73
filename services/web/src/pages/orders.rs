//! `GET /orders`: what a visitor has ordered.

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use ticketing_contracts::{api::orders::Order, ids::OrderId, time::to_text};

use super::{
    list::{self, Asked, with_cursor},
    parts::{ink, minutes_until, shown_title},
    status::{Status, payment_version},
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
#[template(path = "orders.html")]
pub struct OrdersPage {
    page: Page,
    list: ListPart,
    /// Where the list is fetched from when something changes.
    list_href: String,
    live: String,
}

/// The list by itself.
#[derive(Debug, Template)]
#[template(path = "part/orders.html")]
pub struct ListPart {
    t: Text,
    /// `None` while orders can't be asked.
    orders: Option<Vec<Row>>,
    next: Option<String>,
}

#[derive(Debug)]
struct Row {
    id: OrderId,
    ink: u8,
    title: String,
    /// How many of it, and what else.
    lines: String,
    total: String,
    created: Moment,
    status: Status,
    /// The version of the payment that it shows.
    payment: i64,
    /// Until when it is held, for the browser's clock.
    expires: String,
    /// How long that is, in words.
    left: String,
}

/// Lists a visitor's orders, newest first.
///
/// # Errors
/// [`Failure::SignIn`]; [`Failure::BadRequest`] for a page of the list that there is not.
pub async fn show(
    visitor: SignedIn,
    clients: Data<Clients>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let found = find(&visitor, &clients, &asked).await?;
    let t = visitor.text();
    let page = Page::new(&visitor, t.text("orders-title")).described(t.text("orders-description"));
    let view = OrdersPage::of(page, asked.cursor(), found.as_ref());
    page::with_status(list::status(found.as_ref()), &view)
}

/// The list by itself: `GET /orders/list`.
///
/// # Errors
/// As for the page; and when orders can't be asked: what is shown stays.
pub async fn list(
    visitor: SignedIn,
    clients: Data<Clients>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let found = find(&visitor, &clients, &asked).await?;
    let found = found.ok_or(Failure::Unavailable("orders"))?;
    page::render(&ListPart::of(visitor.text(), Some(&found), visitor.now))
}

async fn find(
    visitor: &SignedIn,
    clients: &Clients,
    asked: &Asked,
) -> Result<Option<Paged<Order>>, Failure> {
    let answer = clients.orders.list(&visitor.caller, asked.cursor());
    list::found(answer.await)
}

impl OrdersPage {
    pub(super) fn of(page: Page, cursor: Option<&str>, found: Option<&Paged<Order>>) -> Self {
        Self {
            list: ListPart::of(page.t, found, page.now),
            list_href: with_cursor("/orders/list", cursor),
            live: live::url(&page.since, [], false),
            page: page.unlisted(),
        }
    }
}

impl ListPart {
    fn has_some(&self) -> bool {
        self.orders
            .as_ref()
            .is_some_and(|orders| !orders.is_empty())
    }

    fn of(t: Text, found: Option<&Paged<Order>>, now: DateTime<Utc>) -> Self {
        let rows = |found: &Paged<Order>| {
            let rows = found.items.iter().map(|order| Row::new(t, order, now));
            rows.collect()
        };
        Self {
            t,
            orders: found.map(rows),
            next: list::next("/orders", found),
        }
    }
}

impl Row {
    fn new(t: Text, order: &Order, now: DateTime<Utc>) -> Self {
        let first = order.items.first();
        let each = first.map(|item| {
            let price = t.money(item.price, order.currency);
            t.with2("order-each", "count", item.quantity, "price", price)
        });
        let more = order.items.len().saturating_sub(1);
        let more = (more > 0).then(|| t.with("orders-more-items", "count", more));
        let lines: Vec<_> = each.into_iter().chain(more).collect();
        Self {
            id: order.id,
            ink: ink(order.ticket.id),
            title: shown_title(&order.ticket.title),
            lines: lines.join(" "),
            total: t.money(order.total, order.currency),
            created: t.time(order.created_at),
            status: Status::of(order, now),
            payment: payment_version(order),
            expires: to_text(order.expires_at),
            left: minutes_until(t, order.expires_at, now),
        }
    }
}
