//! What everybody does: look at a ticket, and at lists of them.

mod gather;
mod pages;
mod single;

use ticketing_contracts::ids::TicketId;
use ticketing_postgres::Pool;

pub use pages::Page;

use self::{gather::Gather, pages::Pages, single::Singles};
use crate::{
    domain::{PageRequest, Refused},
    error::Error,
    representation::Representation,
};

/// Tickets, for everybody. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Browsing {
    singles: Gather<Singles>,
    pages: Gather<Pages>,
}

impl Browsing {
    /// Reads from the schema that `pool` connects to.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self {
            singles: Gather::new(Singles(pool.clone())),
            pages: Gather::new(Pages(pool)),
        }
    }

    /// One ticket.
    ///
    /// # Errors
    /// [`Refused::Unknown`].
    pub async fn ticket(&self, id: TicketId) -> Result<Representation, Error> {
        let found = self.singles.ask((), id.0).await?;
        found
            .get(&id.0)
            .cloned()
            .ok_or_else(|| Refused::Unknown.into())
    }

    /// A page of tickets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn page(&self, request: PageRequest) -> Result<Page, Error> {
        self.pages.ask(request, ()).await
    }
}
