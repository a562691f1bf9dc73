//! A withdrawal.

use ticketing_contracts::{
    events::TicketEvent,
    ids::{TicketId, UserId},
};
use ticketing_messaging::outbox;
use ticketing_postgres::transaction;

use super::Selling;
use crate::{error::Error, store::tickets};

impl Selling {
    /// Withdraws a ticket of which nothing is held or sold. Doing so again changes nothing.
    ///
    /// Orders closes it first: from then on nobody can have it, so that the withdrawal can't fail for a
    /// reason of its own. If it is cut short in between, doing it again finishes it.
    ///
    /// # Errors
    /// When it is not the user's, or some of it is held or sold.
    pub async fn withdraw(&self, id: TicketId, user: UserId) -> Result<(), Error> {
        let ticket = self.find(id).await?;
        if ticket.deleted && ticket.user_id == user {
            return Ok(());
        }
        ticket.ensure_offered_by(user)?;
        let tombstone = ticket.withdrawn(self.clock.now());
        self.close_at_orders(&tombstone.snapshot()).await?;

        let mut connection = self.pool.get().await?;
        transaction(&mut connection, async |connection| {
            // Whatever version it has by now: an edit that came in between loses.
            let now = self.clock.now();
            if let Some(gone) = tickets::withdraw(connection, id, now).await? {
                let event = self.envelope(&TicketEvent::Deleted(gone.snapshot()))?;
                outbox::append(connection, &event).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
        self.wake.committed();
        Ok(())
    }
}
