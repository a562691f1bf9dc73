//! A new ticket.

use ticketing_contracts::{
    api::tickets::NewTicket,
    events::TicketEvent,
    ids::{TicketId, UserId},
};
use ticketing_http::idempotency::{Answer, Repeatable};
use ticketing_messaging::outbox;
use ticketing_postgres::transaction;

use super::Selling;
use crate::{
    domain::Ticket,
    error::Error,
    representation,
    store::{answers, tickets},
};

impl Selling {
    /// Puts a ticket up, or answers what was answered when the same request came before.
    ///
    /// # Errors
    /// When the price is no amount of its currency, or the request can't be told from another.
    pub async fn put_up(
        &self,
        seller: UserId,
        new: &NewTicket,
        request: Option<&Repeatable>,
    ) -> Result<Answer, Error> {
        let now = self.clock.now();
        let ticket = Ticket::put_up(TicketId::new(now), seller, new, now)?;
        let event = self.envelope(&TicketEvent::Created(ticket.snapshot()))?;
        let answer = representation::created(&ticket)?;
        let mut connection = self.pool.get().await?;
        let earlier = transaction(&mut connection, async |connection| {
            if let Some(request) = request {
                let earlier = answers::recall(connection, request, now).await?;
                if earlier.is_some() {
                    return Ok(earlier);
                }
                answers::keep(connection, request, &answer, now).await?;
            }
            tickets::insert(connection, &ticket).await?;
            outbox::append(connection, &event).await?;
            Ok::<_, Error>(None)
        })
        .await?;
        self.wake.committed();
        Ok(earlier.unwrap_or(answer))
    }
}
