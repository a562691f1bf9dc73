//! An edit.

use ticketing_contracts::{
    api::tickets::TicketEdit,
    events::TicketEvent,
    ids::{TicketId, UserId},
};
use ticketing_messaging::outbox;
use ticketing_postgres::transaction;

use super::Selling;
use crate::{
    domain::{Expected, Refused, Ticket},
    error::Error,
    store::tickets,
};

/// How often an edit that expects no version is tried while others edit the same ticket.
const ATTEMPTS: usize = 5;

impl Selling {
    /// Edits a ticket, and returns it as it is then. Of edits that expect the same version one succeeds;
    /// one that expects none comes after the others.
    ///
    /// # Errors
    /// When it is not the user's, not as expected, or a seat that is held or sold.
    pub async fn edit(
        &self,
        id: TicketId,
        user: UserId,
        edit: &TicketEdit,
        expected: &Expected,
    ) -> Result<Ticket, Error> {
        for _ in 0..ATTEMPTS {
            let ticket = self.find(id).await?;
            let edited = ticket.edited(user, edit, expected, self.clock.now())?;
            if ticket.is_seat() {
                ticket.ensure_free(self.stock_at_orders(id).await?)?;
            }
            // If it is not as it was read any more, it is read again: then it may not be as expected.
            if let Some(replaced) = self.replace(&edited).await? {
                return Ok(replaced);
            }
        }
        Err(Refused::Stale.into())
    }

    async fn replace(&self, edited: &Ticket) -> Result<Option<Ticket>, Error> {
        let event = self.envelope(&TicketEvent::Updated(edited.snapshot()))?;
        let mut connection = self.pool.get().await?;
        let replaced = transaction(&mut connection, async |connection| {
            let replaced = tickets::replace(connection, edited).await?;
            if replaced.is_some() {
                outbox::append(connection, &event).await?;
            }
            Ok::<_, Error>(replaced)
        })
        .await?;
        self.wake.committed();
        Ok(replaced)
    }
}
