//! What the seller says.

use ticketing_contracts::{
    events::tickets::Ticket,
    ids::{TicketId, UserId},
};

use super::Book;
use crate::domain::{command::Answer, refusal::Refusal, stock::Stock};

impl Book {
    /// Applies what is newer. A ticket without stock is none that was locked: its row is made before.
    pub(super) fn offer(&mut self, ticket: &Ticket, withdrawn: bool) -> Answer {
        if let Some(stock) = self.stocks.get_mut(&ticket.id)
            && ticket.version > stock.offer.version
        {
            stock.offer = ticket.clone();
            stock.closed |= withdrawn;
            self.changes.touch(ticket.id);
        }
        Answer::Done
    }

    /// Sells nothing of it any more.
    pub(super) fn close(&mut self, id: TicketId) -> Result<Answer, Refusal> {
        let stock = self.stocks.get_mut(&id).ok_or(Refusal::UnknownTicket(id))?;
        let (held, sold) = (stock.held, stock.sold);
        if held + sold == 0 {
            if !std::mem::replace(&mut stock.closed, true) {
                self.changes.touch(id);
            }
            return Ok(Answer::Done);
        }
        if held > 0 {
            self.note_overdue(id);
        }
        Err(Refusal::InUse { held, sold })
    }

    pub(super) fn within_personal_cap(
        &self,
        user: UserId,
        quantity: i32,
        stock: &Stock,
    ) -> Result<(), Refusal> {
        let Some(max) = stock.offer.max_per_person else {
            return Ok(());
        };
        let has = self.owned.get(&(user, stock.offer.id)).copied();
        let has = has.unwrap_or_default();
        if has + i64::from(quantity) > i64::from(max) {
            Err(Refusal::OverMaxPerPerson(max, has))
        } else {
            Ok(())
        }
    }
}
