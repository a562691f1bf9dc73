//! `GET /orders/{id}`: what is held, how to pay for it, and what came of that.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use ticketing_contracts::{
    api::{
        orders::{Order, OrderItem, OrderPaymentStatus},
        payments::PaymentConfig,
    },
    ids::{OrderId, TicketId},
    money::at_stripe,
    order::CancelReason,
    time::to_text,
};

use super::{
    parts::{StubPrice, ink, is_long_title, serial, shown_title},
    refusal::words,
    status::{Status, payment_version},
};
use crate::{
    clients::Clients,
    failure::Failure,
    headers::{LoadFrom, load_from},
    live,
    page::{self, Page},
    text::{Moment, Text},
    visit::{Form, SignedIn, Visit},
};

/// The page.
#[derive(Debug, Template)]
#[template(path = "order.html")]
pub struct OrderPage {
    page: Page,
    id: OrderId,
    state: StatePart,
    /// It can be paid, or may be able to be again.
    payable: bool,
    /// `None` while payments can't be asked.
    card: Option<Card>,
    live: String,
}

/// For Stripe's card form.
#[derive(Debug)]
struct Card {
    script: String,
    key: String,
    simulated: bool,
    /// As Stripe counts it.
    amount: i64,
    /// In small letters, as Stripe wants it.
    currency: String,
    total: String,
}

/// Where the order stands. Fetched anew whenever that changes.
#[derive(Debug, Template)]
#[template(path = "part/order_state.html")]
pub struct StatePart {
    t: Text,
    id: OrderId,
    status: Status,
    /// Why it was cancelled.
    reason: Option<CancelReason>,
    /// The version of the payment that it shows.
    payment: i64,
    /// Why it was not cancelled.
    refused: Option<String>,
    items: Vec<Item>,
    /// How many tickets in all.
    count: i64,
    serial: String,
    /// Who the tickets are for.
    holder: String,
    created: Moment,
    expires: Moment,
    expires_machine: String,
    /// `14:32`
    left: String,
    left_seconds: i64,
    whole_seconds: i64,
    total: String,
    /// What the last payment failed with, in words.
    failed: Option<String>,
}

#[derive(Debug)]
struct Item {
    ticket: TicketId,
    serial: String,
    ink: u8,
    title: String,
    long: bool,
    quantity: i32,
    price: String,
    sum: String,
    /// The same on a stub.
    stub_sum: StubPrice,
}

/// Shows an order to its buyer.
///
/// # Errors
/// [`Failure::Forbidden`] for another's, [`Failure::NotFound`].
pub async fn show(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<OrderId>,
) -> Result<HttpResponse, Failure> {
    let (order, config) = futures::join!(
        clients.orders.show(&visitor.caller, *id),
        clients.payments.config()
    );
    let view = OrderPage::new(&visitor, &order?, config.ok().as_deref(), None);
    answer(StatusCode::OK, &view)
}

/// Where it stands: `GET /orders/{id}/state`.
///
/// # Errors
/// As for the page.
pub async fn state(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<OrderId>,
) -> Result<HttpResponse, Failure> {
    let order = clients.orders.show(&visitor.caller, *id).await?;
    page::render(&StatePart::new(&visitor, &order, None))
}

/// `POST /orders/{id}/cancel`: a button.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// Gives the tickets back.
///
/// # Errors
/// As for the page. What can't be cancelled is shown as it is, with the reason.
pub async fn cancel(
    visitor: SignedIn,
    _: Form<Nothing>,
    clients: Data<Clients>,
    id: Path<OrderId>,
) -> Result<HttpResponse, Failure> {
    let refused = match clients.orders.cancel(&visitor.caller, *id).await {
        Ok(()) => return Ok(page::see_other(&format!("/orders/{id}"))),
        Err(error) if error.status() == Some(StatusCode::CONFLICT) => words(visitor.text(), &error),
        Err(error) => return Err(error.into()),
    };
    let (order, config) = futures::join!(
        clients.orders.show(&visitor.caller, *id),
        clients.payments.config()
    );
    let view = OrderPage::new(&visitor, &order?, config.ok().as_deref(), Some(refused));
    answer(StatusCode::CONFLICT, &view)
}

fn answer(status: StatusCode, view: &OrderPage) -> Result<HttpResponse, Failure> {
    let response = page::with_status(status, view)?;
    Ok(if view.needs_stripe() {
        load_from(response, LoadFrom::Stripe)
    } else {
        response
    })
}

impl OrderPage {
    /// The page of an order.
    #[must_use]
    pub fn new(
        visit: &Visit,
        order: &Order,
        config: Option<&PaymentConfig>,
        refused: Option<String>,
    ) -> Self {
        let page = Page::new(visit, visit.text().text("order-title"));
        let state = StatePart::new(visit, order, refused);
        Self::of(page, order, config, state)
    }

    pub(super) fn of(
        mut page: Page,
        order: &Order,
        config: Option<&PaymentConfig>,
        state: StatePart,
    ) -> Self {
        page.path = format!("/orders/{}", order.id);
        let payable = state.status.is_payable() || state.status.is_paying();
        let card = config.filter(|_| payable);
        Self {
            card: card.and_then(|config| Card::new(page.t, order, config)),
            payable,
            live: live::url(&page.since, [], false),
            id: order.id,
            page: page.unlisted(),
            state,
        }
    }

    /// The simulator is of our own origin.
    fn needs_stripe(&self) -> bool {
        self.card.as_ref().is_some_and(|card| !card.simulated)
    }
}

impl Card {
    fn new(t: Text, order: &Order, config: &PaymentConfig) -> Option<Self> {
        let minor = order.total.to_minor(order.currency).ok()?;
        Some(Self {
            script: config.stripe_js.clone(),
            key: config.publishable_key.clone(),
            simulated: config.simulated,
            amount: at_stripe(minor, order.currency).ok()?,
            currency: order.currency.code().to_lowercase(),
            total: t.money(order.total, order.currency),
        })
    }
}

impl StatePart {
    /// Where an order stands by now.
    #[must_use]
    pub fn new(visit: &Visit, order: &Order, refused: Option<String>) -> Self {
        let holder = visit.session.as_ref().map(|user| user.email.clone());
        let part = Self::of(visit.text(), order, holder.unwrap_or_default(), visit.now);
        Self { refused, ..part }
    }

    pub(super) fn of(t: Text, order: &Order, holder: String, now: DateTime<Utc>) -> Self {
        let left = (order.expires_at - now).num_milliseconds().max(0);
        let left_seconds = left.unsigned_abs().div_ceil(1000).cast_signed();
        let failed = order
            .payment
            .as_ref()
            .filter(|payment| payment.status == OrderPaymentStatus::Failed);
        Self {
            t,
            id: order.id,
            status: Status::of(order, now),
            reason: order.reason,
            payment: payment_version(order),
            refused: None,
            items: order
                .items
                .iter()
                .map(|item| Item::new(t, order, item))
                .collect(),
            count: order
                .items
                .iter()
                .map(|item| i64::from(item.quantity))
                .sum(),
            serial: serial(order.id.0),
            holder,
            created: t.time(order.created_at),
            expires: Moment::of_day(order.expires_at),
            expires_machine: to_text(order.expires_at),
            left: format!("{}:{:02}", left_seconds / 60, left_seconds % 60),
            left_seconds,
            whole_seconds: (order.expires_at - order.created_at).num_seconds().max(1),
            total: t.money(order.total, order.currency),
            failed: failed.map(|payment| payment.message.clone()),
        }
    }

    fn over_title(&self) -> String {
        let id = match self.status {
            Status::Cancelled => "order-cancelled-title",
            Status::Refunding => "order-refunding-title",
            Status::Refunded => "order-refunded-title",
            _ => "order-over-title",
        };
        self.t.text(id).into_owned()
    }

    fn over_hint(&self) -> String {
        let id = match self.status {
            Status::Cancelled => "order-cancelled-hint",
            Status::Refunding => "order-refunding-hint",
            Status::Refunded => "order-refunded-hint",
            _ => "order-over-hint",
        };
        let hint = self.t.text(id);
        let why = match self.reason.filter(|_| self.status.is_refund()) {
            Some(CancelReason::Buyer) => "order-refund-cancelled",
            Some(CancelReason::Expired) => "order-refund-gone",
            None => return hint.into_owned(),
        };
        format!("{} {hint}", self.t.text(why))
    }
}

impl Item {
    fn new(t: Text, order: &Order, item: &OrderItem) -> Self {
        let minor = item.price.to_minor(order.currency).unwrap_or_default();
        let sum = super::amount(t, minor * i64::from(item.quantity), order.currency);
        Self {
            ticket: item.ticket_id,
            serial: serial(item.ticket_id.0),
            ink: ink(item.ticket_id),
            title: shown_title(&item.title),
            long: is_long_title(&item.title),
            quantity: item.quantity,
            price: t.money(item.price, order.currency),
            stub_sum: StubPrice::new(&sum),
            sum,
        }
    }
}
