//! What becomes of buyers' money.
//!
//! payments tells orders of a success directly, and by its event once more: the event is for whatever kept
//! the first from arriving. A late one may have to free holds that are over, as an order would, so it goes
//! the way of all requests, through the queue. What is settled twice is settled once, so it does no harm
//! that this is durable before the inbox is.

use diesel_async::AsyncPgConnection;
use futures::future::try_join_all;
use ticketing_contracts::events::{PaymentEvent, payments as event};
use ticketing_messaging::{Delivery, consumer::Failure, inbox::Handler};

use crate::{
    domain::{Command, Payment, PaymentStatus},
    reservation::{Asked, Error, Reservations},
    store::payments,
};

/// Settles what was paid, and keeps what is told of the rest for the buyer.
#[derive(Debug, Clone)]
pub struct Payments {
    reservations: Reservations,
}

impl Payments {
    /// `reservations` settle.
    #[must_use]
    pub fn new(reservations: Reservations) -> Self {
        Self { reservations }
    }

    /// All at once, so that they share a transaction.
    async fn settle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<PaymentEvent>],
    ) -> Result<(), Failure> {
        let made = batch.iter().filter_map(|delivery| match &delivery.event {
            PaymentEvent::Created(payment) => Some((delivery, payment)),
            _ => None,
        });
        let made: Vec<_> = made.collect();
        let ids: Vec<_> = made
            .iter()
            .map(|(_, payment)| (payment.order_id, payment.id))
            .collect();
        let settled = payments::settled(connection, &ids).await?;
        let others = made
            .into_iter()
            .filter(|(_, payment)| !settled.contains(&payment.id));
        let settling = others.map(|(delivery, payment)| {
            let command = Command::Settle {
                order_id: payment.order_id,
                payment_id: payment.id,
            };
            let asked = Asked {
                command,
                trace: delivery.envelope.trace,
            };
            async move {
                let answer = self.reservations.submit(asked).await;
                answer.map_err(|error| failure(error, payment))
            }
        });
        try_join_all(settling).await.map(drop)
    }
}

impl Handler for Payments {
    type Event = PaymentEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<PaymentEvent>],
    ) -> Result<(), Failure> {
        self.settle(connection, batch).await?;
        let heard: Vec<_> = batch
            .iter()
            .map(|delivery| heard(&delivery.event))
            .collect();
        payments::keep(connection, &heard).await?;
        Ok(())
    }
}

/// A refusal is for good: there is no such order, though a lease was granted for it before it could be
/// paid.
fn failure(error: Error, payment: &event::Payment) -> Failure {
    let (id, order) = (payment.id, payment.order_id);
    let permanent = matches!(error, Error::Refused(_) | Error::Internal(_));
    let error = anyhow::Error::new(error).context(format!("payment {id} of order {order}"));
    if permanent {
        Failure::Permanent(error)
    } else {
        Failure::Transient(error)
    }
}

fn heard(event: &PaymentEvent) -> Payment {
    let (payment, status) = match event {
        PaymentEvent::Created(payment) => (payment, PaymentStatus::Succeeded),
        PaymentEvent::Pending(payment) => (payment, PaymentStatus::Pending),
        PaymentEvent::Failed(payment) => (payment, PaymentStatus::Failed),
        PaymentEvent::Refunded(payment) => (payment, PaymentStatus::Refunded),
    };
    Payment {
        id: payment.id,
        order_id: payment.order_id,
        version: payment.version,
        status,
        reason: payment.reason,
    }
}
