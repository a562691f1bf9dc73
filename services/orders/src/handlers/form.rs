//! An order as its buyer sees it.

use ticketing_contracts::{
    api::orders::{Order, OrderItem, OrderedTicket},
    money::MajorUnits,
};

use crate::{domain, error::Error};

/// `heard` of its payment was this.
///
/// # Errors
/// For an order without items, which there can't be.
pub(super) fn of(order: &domain::Order, heard: Option<&domain::Payment>) -> Result<Order, Error> {
    let amount = |minor| MajorUnits::from_minor(minor, order.currency);
    let first = order.items.first();
    let first = first.ok_or_else(|| Error::Internal(format!("order {} is empty", order.id)))?;
    let item = |item: &domain::Item| OrderItem {
        ticket_id: item.ticket_id,
        title: item.title.clone(),
        price: amount(item.price),
        quantity: item.quantity,
    };
    Ok(Order {
        id: order.id,
        user_id: order.user_id,
        status: order.state.status(),
        reason: order.state.reason(),
        expires_at: order.expires_at,
        version: order.version,
        items: order.items.iter().map(item).collect(),
        total: amount(order.total),
        currency: order.currency,
        ticket: OrderedTicket {
            id: first.ticket_id,
            title: first.title.clone(),
            price: amount(first.price),
            version: first.ticket_version,
        },
        payment: order.payment(heard),
        created_at: order.created_at,
    })
}
