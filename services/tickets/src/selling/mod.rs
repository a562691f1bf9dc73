//! What a seller does: put a ticket up, edit it, withdraw it.
//!
//! Orders is asked where an answer must not lag; nothing is locked while it is, and what was read before is
//! checked again after.

mod edit;
mod orders;
mod put_up;
mod withdraw;

use ticketing_contracts::{events::TicketEvent, ids::TicketId};
use ticketing_http::internal::Peer;
use ticketing_messaging::{Envelope, Wake};
use ticketing_postgres::Pool;
use ticketing_runtime::Clock;

use crate::{
    domain::{Refused, Ticket},
    error::Error,
    store::{answers, tickets},
};

/// Tickets, for their sellers.
#[derive(Debug, Clone)]
pub struct Selling {
    /// The schema.
    pub pool: Pool,
    /// Who knows what is held and sold.
    pub orders: Peer,
    /// The time.
    pub clock: Clock,
    /// What publishes events.
    pub wake: Wake,
}

impl Selling {
    /// A ticket as its seller wants it, unless it is withdrawn.
    ///
    /// # Errors
    /// [`Refused::Unknown`].
    pub async fn offered(&self, id: TicketId) -> Result<Ticket, Error> {
        let ticket = self.find(id).await?;
        if ticket.deleted {
            return Err(Refused::Unknown.into());
        }
        Ok(ticket)
    }

    /// Removes answers that are not repeated any more. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_answers(&self) -> Result<usize, Error> {
        let mut connection = self.pool.get().await?;
        answers::forget(&mut connection, self.clock.now()).await
    }

    /// A ticket, withdrawn or not. The connection goes back at once: what comes next may take long.
    async fn find(&self, id: TicketId) -> Result<Ticket, Error> {
        let found = tickets::find(&mut *self.pool.get().await?, id).await?;
        found.ok_or_else(|| Refused::Unknown.into())
    }

    fn envelope(&self, event: &TicketEvent) -> Result<Envelope, Error> {
        Ok(Envelope::of(event, self.clock.now())?)
    }
}
