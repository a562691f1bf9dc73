//! `inventory:updated`: some of a ticket was held, released or sold.

use std::collections::BTreeMap;

use diesel_async::AsyncPgConnection;
use ticketing_contracts::{
    events::{OrderEvent, orders::Inventory},
    ids::TicketId,
};
use ticketing_messaging::{Delivery, consumer::Failure, inbox::Handler};

use crate::store::stock;

/// Keeps the stock beside each ticket as orders last reported it.
#[derive(Debug, Clone, Copy, Default)]
pub struct InventoryUpdated;

impl Handler for InventoryUpdated {
    type Event = OrderEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<OrderEvent>],
    ) -> Result<(), Failure> {
        let reports = batch.iter().filter_map(|delivery| match &delivery.event {
            OrderEvent::InventoryUpdated(report) => Some(report),
            _ => None,
        });
        let newest = newest(reports);
        if !newest.is_empty() {
            stock::apply(connection, &newest).await?;
        }
        Ok(())
    }
}

/// Of each ticket the newest report; the others tell nothing more. In the order of ids.
fn newest<'a>(reports: impl Iterator<Item = &'a Inventory>) -> Vec<&'a Inventory> {
    let mut newest: BTreeMap<TicketId, &Inventory> = BTreeMap::new();
    for report in reports {
        let known = newest.entry(report.ticket_id).or_insert(report);
        if report.version > known.version {
            *known = report;
        }
    }
    newest.into_values().collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_many_reports_the_newest_of_each_ticket_counts() {
        let report = |ticket, version| Inventory {
            ticket_id: TicketId(Uuid::from_u128(ticket)),
            version,
            ticket_version: 1,
            capacity: 1,
            held: 0,
            sold: 0,
            next_release_at: None,
            order_id: None,
        };
        let reports = [(2, 1), (1, 5), (2, 3), (1, 4), (2, 2)].map(|(t, v)| report(t, v));
        let newest: Vec<_> = newest(reports.iter())
            .iter()
            .map(|report| (report.ticket_id.0.as_u128(), report.version))
            .collect();
        assert_eq!(newest, [(1, 5), (2, 3)]);
    }
}
