//! Deadlines that have passed: orders that are not paid by then are over.

use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::ExpirationEvent;
use ticketing_messaging::{Delivery, Wake, consumer::Failure, inbox::Handler};

use crate::{domain::Command, reservation::Manner};

/// Cancels each order that still has the deadline.
#[derive(Debug, Clone)]
pub struct Expirations {
    manner: Manner,
    wake: Wake,
}

impl Expirations {
    /// `wake` tells the relay of what changed.
    #[must_use]
    pub fn new(manner: Manner, wake: Wake) -> Self {
        Self { manner, wake }
    }
}

impl Handler for Expirations {
    type Event = ExpirationEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<ExpirationEvent>],
    ) -> Result<(), Failure> {
        let command = |event: &ExpirationEvent| {
            let ExpirationEvent::Complete(deadline) = event;
            Command::Expire {
                order_id: deadline.order_id,
                release_at: deadline.release_at,
            }
        };
        super::apply(connection, self.manner, batch, command).await
    }

    fn committed(&self) {
        self.wake.committed();
    }
}
