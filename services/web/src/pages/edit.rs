//! `/selling/{id}/edit` and `/selling/{id}/withdraw`: a seller changes an offer, or takes it back.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;
use ticketing_contracts::{api::tickets::Ticket, ids::TicketId};

use super::{
    fields::{Fields, Typed},
    parts::shown_title,
    refusal::words,
};
use crate::{
    clients::{ClientError, Clients},
    failure::Failure,
    page::{self, Page},
    visit::{Form, SignedIn},
};

/// What was typed in.
#[derive(Debug, Deserialize)]
pub struct Sent {
    /// What was edited.
    #[serde(default)]
    version: String,
    #[serde(flatten)]
    typed: Typed,
}

/// A button.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// The page.
#[derive(Debug, Template)]
#[template(path = "edit.html")]
pub struct EditPage {
    page: Page,
    id: TicketId,
    /// As it is called on sale.
    title: String,
    version: i64,
    /// How many are held or sold.
    taken: i32,
    fields: Fields,
    refused: Option<Refused>,
    /// It can't be edited for now: what was typed in is there to be read, not to be sent.
    locked: bool,
}

/// Why nothing was changed.
#[derive(Debug)]
pub(super) struct Refused {
    /// The id of its heading.
    pub(super) title: &'static str,
    pub(super) words: String,
}

/// Shows the form.
///
/// # Errors
/// [`Failure::Forbidden`] for another's ticket, [`Failure::NotFound`].
pub async fn form(
    visitor: SignedIn,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let ticket = own(&visitor, &clients, *id).await?;
    page::render(&EditPage::new(&visitor, &ticket))
}

/// Changes the offer and shows how it sells; or says why not.
///
/// # Errors
/// As for the form.
pub async fn save(
    visitor: SignedIn,
    form: Form<Sent>,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let Sent { version, typed } = form.values;
    let edit = match typed.edit(visitor.text(), version.parse().ok()) {
        Ok(edit) => edit,
        Err(fields) => {
            let ticket = own(&visitor, &clients, *id).await?;
            let view = EditPage::new(&visitor, &ticket).typed(*fields);
            return page::with_status(StatusCode::BAD_REQUEST, &view);
        }
    };
    match clients.tickets.edit(&visitor.caller, *id, &edit).await {
        Ok(_) => Ok(page::see_other(&format!("/selling/{id}?news=changed"))),
        Err(error) => {
            let ticket = own(&visitor, &clients, *id).await?;
            let view = EditPage::new(&visitor, &ticket).refused(&typed, &error);
            let status = error.status().unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            page::with_status(status, &view)
        }
    }
}

/// Ends the sale for good; or says why not.
///
/// # Errors
/// As for the form.
pub async fn withdraw(
    visitor: SignedIn,
    _: Form<Nothing>,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let error = match clients.tickets.withdraw(&visitor.caller, *id).await {
        Ok(()) => return Ok(page::see_other("/selling")),
        Err(error)
            if error
                .status()
                .is_none_or(|status| status == StatusCode::CONFLICT) =>
        {
            error
        }
        Err(error) => return Err(error.into()),
    };
    let ticket = own(&visitor, &clients, *id).await?;
    let mut view = EditPage::new(&visitor, &ticket);
    view.refused = Some(Refused {
        title: "edit-not-withdrawn",
        words: words(visitor.text(), &error),
    });
    let status = error.status().unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    page::with_status(status, &view)
}

/// The ticket, if it is the visitor's.
async fn own(visitor: &SignedIn, clients: &Clients, id: TicketId) -> Result<Ticket, Failure> {
    let ticket = clients.tickets.show(id).await?;
    if ticket.user_id == visitor.user.id {
        Ok(ticket)
    } else {
        Err(Failure::Forbidden)
    }
}

impl EditPage {
    fn new(visitor: &SignedIn, ticket: &Ticket) -> Self {
        let t = visitor.text();
        let page = Page::new(visitor, t.with("edit-title", "title", &ticket.title));
        Self::of(page.described(t.text("edit-description")), ticket)
    }

    pub(super) fn of(mut page: Page, ticket: &Ticket) -> Self {
        page.path = format!("/selling/{}/edit", ticket.id);
        Self {
            fields: Fields::of(ticket, page.t.language()),
            page: page.unlisted(),
            id: ticket.id,
            title: shown_title(&ticket.title),
            version: ticket.version,
            taken: ticket.held + ticket.sold,
            refused: None,
            locked: false,
        }
    }

    fn typed(mut self, fields: Fields) -> Self {
        self.fields = fields;
        self
    }

    /// The same with what tickets said. After another's edit the form begins anew, from what that made.
    pub(super) fn refused(mut self, typed: &Typed, error: &ClientError) -> Self {
        let t = self.page.t;
        let stale = error.message() == Some("The ticket was edited meanwhile");
        self.locked = error.message() == Some("Cannot edit a reserved ticket");
        if !stale {
            self.fields = Fields::typed(typed);
        }
        let told = match error {
            ClientError::Refused { errors, .. } => self.fields.blame(t, errors),
            ClientError::Unavailable { .. } => false,
        };
        self.refused = (!told).then(|| Refused {
            title: "edit-refused",
            words: words(t, error),
        });
        self
    }
}
