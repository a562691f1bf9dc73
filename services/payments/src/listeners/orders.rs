//! Orders that are over, and payments that are to be given back.

use std::{collections::HashSet, sync::Arc};

use diesel_async::AsyncPgConnection;
use ticketing_contracts::events::OrderEvent;
use ticketing_messaging::{Delivery, consumer::Failure, inbox::Handler};
use ticketing_runtime::Clock;
use tokio::sync::Notify;

use crate::store::{due, ended, refunds};

/// Notes both, and has the payments looked at.
#[derive(Debug, Clone)]
pub struct Orders {
    clock: Clock,
    bell: Arc<Notify>,
}

impl Orders {
    /// `bell` says that a payment is due.
    #[must_use]
    pub fn new(clock: Clock, bell: Arc<Notify>) -> Self {
        Self { clock, bell }
    }
}

impl Handler for Orders {
    type Event = OrderEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<OrderEvent>],
    ) -> Result<(), Failure> {
        let mut over = Vec::new();
        let mut to_refund = Vec::new();
        for delivery in batch {
            match &delivery.event {
                OrderEvent::Cancelled(order) => over.push(order.id),
                OrderEvent::RefundDue(due) => to_refund.push((due.payment_id, due.order.id)),
                _ => {}
            }
        }
        let now = self.clock.now();
        if !over.is_empty() {
            ended::note(connection, &over, now).await?;
            due::of_orders(connection, &over).await?;
        }
        if !to_refund.is_empty() {
            let payments: Vec<_> = to_refund.iter().map(|(payment, _)| *payment).collect();
            let known = refunds::due(connection, &payments, now).await?;
            let known: HashSet<_> = known.into_iter().collect();
            // A payment is there before orders can have heard of it.
            if let Some((payment, order)) = to_refund.iter().find(|due| !known.contains(*due)) {
                return Err(Failure::Permanent(anyhow::anyhow!(
                    "payment {payment} of order {order} is to be given back, and there is none"
                )));
            }
        }
        Ok(())
    }

    fn committed(&self) {
        self.bell.notify_one();
    }
}
