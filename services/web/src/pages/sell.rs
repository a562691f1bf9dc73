//! `/tickets/new`: a ticket is put up.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;
use ticketing_contracts::api::tickets::NewTicket;

use super::{
    fields::{Fields, Typed},
    is_key, random_key,
    refusal::words,
};
use crate::{
    clients::{ClientError, Clients},
    failure::Failure,
    page::{self, Page},
    visit::{Form, SignedIn, Visit},
};

/// What was typed in.
///
/// All as text: a form’s numbers can’t be read through `flatten`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    key: String,
    #[serde(flatten)]
    typed: Typed,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "sell.html")]
pub struct SellPage {
    page: Page,
    fields: Fields,
    /// Makes a form that is sent twice one ticket.
    key: String,
    refused: Option<String>,
}

/// Shows the form.
///
/// # Errors
/// [`Failure::SignIn`]
pub async fn form(visitor: SignedIn) -> Result<HttpResponse, Failure> {
    page::render(&SellPage::new(&visitor, Fields::empty()))
}

/// Puts the ticket up and shows how it sells; or says what is wrong.
///
/// # Errors
/// [`Failure::SignIn`]
pub async fn put_up(
    visitor: SignedIn,
    form: Form<Sent>,
    clients: Data<Clients>,
) -> Result<HttpResponse, Failure> {
    let Sent { key, typed } = form.values;
    if !is_key(&key) {
        return Err(Failure::BadRequest);
    }
    let ticket = match typed.new_ticket(visitor.text()) {
        Ok(ticket) => ticket,
        Err(fields) => {
            let view = SellPage::new(&visitor, *fields);
            return page::with_status(StatusCode::BAD_REQUEST, &view);
        }
    };
    match create(&visitor, &clients, &key, &ticket).await {
        Ok(location) => Ok(page::see_other(&location)),
        Err(error) => {
            let view = SellPage::new(&visitor, Fields::typed(&typed));
            let status = error.status().unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            page::with_status(status, &view.refused(&error, key))
        }
    }
}

async fn create(
    visitor: &Visit,
    clients: &Clients,
    key: &str,
    ticket: &NewTicket,
) -> Result<String, ClientError> {
    let ticket = clients.tickets.create(&visitor.caller, key, ticket).await?;
    Ok(format!("/selling/{}?news=fresh", ticket.id))
}

impl SellPage {
    fn new(visit: &Visit, fields: Fields) -> Self {
        let t = visit.text();
        let page = Page::new(visit, t.text("sell-title")).described(t.text("sell-description"));
        Self::of(page, fields)
    }

    pub(super) fn of(page: Page, fields: Fields) -> Self {
        Self {
            page: page.unlisted(),
            fields,
            key: random_key(),
            refused: None,
        }
    }

    /// The same with what tickets said. What may have been put up after all keeps its key.
    pub(super) fn refused(mut self, error: &ClientError, key: String) -> Self {
        let t = self.page.t;
        let told = match error {
            ClientError::Refused { errors, .. } => self.fields.blame(t, errors),
            ClientError::Unavailable { .. } => {
                self.key = key;
                false
            }
        };
        self.refused = (!told).then(|| words(t, error));
        self
    }
}
