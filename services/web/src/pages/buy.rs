//! `POST /tickets/{id}/orders`: holds tickets, for whoever is signed in.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;
use ticketing_contracts::{api::orders::NewOrder, ids::TicketId};

use super::{
    is_key,
    refusal::words,
    ticket::{OfferPart, TicketPage},
};
use crate::{
    clients::{ClientError, Clients},
    failure::Failure,
    page,
    visit::{Form, ReturnTo, Visit},
};

/// The form of the ticket page.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    quantity: String,
    /// What one was thought to cost.
    #[serde(default)]
    price: String,
    #[serde(default)]
    key: String,
}

/// Places an order and shows it; or says why not.
///
/// # Errors
/// [`Failure::SignIn`] for whoever has no session: the choice is there again afterwards.
pub async fn place(
    form: Form<Wanted>,
    clients: Data<Clients>,
    id: Path<TicketId>,
) -> Result<HttpResponse, Failure> {
    let Form { visit, values } = form;
    let quantity: Option<i32> = values.quantity.trim().parse().ok();
    if visit.session.is_none() {
        if !visit.certain {
            return Err(Failure::Unavailable("auth"));
        }
        let back = format!("/tickets/{id}?quantity={}", quantity.unwrap_or(1));
        return Err(Failure::SignIn(ReturnTo::new(&back)));
    }
    if !is_key(&values.key) {
        return Err(Failure::BadRequest);
    }
    let Some(quantity) = quantity else {
        return odd(&visit, &clients, *id).await;
    };
    let order = NewOrder {
        ticket_id: Some(*id),
        quantity: Some(quantity),
        price: values.price.parse().ok(),
        items: None,
    };
    match clients
        .orders
        .place(&visit.caller, &values.key, &order)
        .await
    {
        Ok(order) => Ok(page::see_other(&format!("/orders/{}", order.id))),
        Err(error) => {
            let refused = Refused {
                visit: &visit,
                quantity,
                key: &values.key,
            };
            refused.show(&clients, *id, error).await
        }
    }
}

/// What is no number can't be ordered, and nobody wants one instead.
async fn odd(visit: &Visit, clients: &Clients, id: TicketId) -> Result<HttpResponse, Failure> {
    let ticket = clients.tickets.show(id).await?;
    let wrong = visit.text().text("ticket-quantity-wrong").into_owned();
    let part = OfferPart::new(visit, Some(&ticket), 1).refused(wrong);
    page::with_status(
        StatusCode::BAD_REQUEST,
        &TicketPage::new(visit, &ticket, part),
    )
}

struct Refused<'a> {
    visit: &'a Visit,
    quantity: i32,
    key: &'a str,
}

impl Refused<'_> {
    /// The ticket page, as it stands by now.
    async fn show(
        self,
        clients: &Clients,
        id: TicketId,
        error: ClientError,
    ) -> Result<HttpResponse, Failure> {
        let status = match error.status() {
            Some(StatusCode::BAD_REQUEST | StatusCode::CONFLICT) => StatusCode::CONFLICT,
            Some(_) => return Err(error.into()),
            None => StatusCode::SERVICE_UNAVAILABLE,
        };
        let ticket = clients.tickets.show(id).await?;
        let part = OfferPart::new(self.visit, Some(&ticket), self.quantity)
            .refused(words(self.visit.text(), &error))
            .with_key(&error, self.key)
            .with_orders(&error);
        page::with_status(status, &TicketPage::new(self.visit, &ticket, part))
    }
}
