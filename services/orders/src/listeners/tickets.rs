//! What sellers offer: a copy of it, and the capacity that they want.

use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::TicketEvent;
use ticketing_messaging::{Delivery, Wake, consumer::Failure, inbox::Handler};

use crate::{domain::Command, reservation::Manner};

/// Applies what is newer than the copy.
#[derive(Debug, Clone)]
pub struct Tickets {
    manner: Manner,
    wake: Wake,
}

impl Tickets {
    /// `wake` tells the relay of what changed.
    #[must_use]
    pub fn new(manner: Manner, wake: Wake) -> Self {
        Self { manner, wake }
    }
}

impl Handler for Tickets {
    type Event = TicketEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<TicketEvent>],
    ) -> Result<(), Failure> {
        let command = |event: &TicketEvent| match event {
            TicketEvent::Created(ticket) | TicketEvent::Updated(ticket) => {
                Command::Offer(ticket.clone())
            }
            TicketEvent::Deleted(ticket) => Command::Withdraw(ticket.clone()),
        };
        super::apply(connection, self.manner, batch, command).await
    }

    fn committed(&self) {
        self.wake.committed();
    }
}
