//! What orders is asked: see `ticketing_contracts::internal`.

use actix_web::http::StatusCode;
use ticketing_contracts::{
    events::{orders::Inventory, tickets},
    ids::TicketId,
};
use ticketing_http::internal::PeerError;

use super::Selling;
use crate::{
    domain::{Refused, Stock},
    error::Error,
};

impl Selling {
    /// The stock of a ticket, if orders has ever heard of it.
    pub(super) async fn stock_at_orders(&self, id: TicketId) -> Result<Option<Stock>, Error> {
        let path = format!("/internal/tickets/{id}/inventory");
        match self.orders.get::<Inventory>(&path).await {
            Ok(inventory) => Ok(Some(Stock::from(&inventory))),
            Err(PeerError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(unexpected(error)),
        }
    }

    /// Sees to it that nobody can order the ticket any more.
    pub(super) async fn close_at_orders(&self, tombstone: &tickets::Ticket) -> Result<(), Error> {
        let path = format!("/internal/tickets/{}/close", tombstone.id);
        match self.orders.tell(&path, tombstone).await {
            Ok(()) => Ok(()),
            Err(PeerError::Refused { status, .. }) if status == StatusCode::CONFLICT => {
                Err(Refused::HeldOrSold.into())
            }
            Err(error) => Err(unexpected(error)),
        }
    }
}

/// A refusal that the contract does not know is a mistake in one of the two services.
fn unexpected(error: PeerError) -> Error {
    match error {
        PeerError::Refused { .. } => Error::Internal(format!("orders: {error}")),
        PeerError::Unavailable(_) => Error::OrdersUnavailable(error),
    }
}
