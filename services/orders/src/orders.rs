//! What buyers and sellers can do here.

use std::sync::Arc;

use ticketing_contracts::{
    api::orders::{NewOrderItem, Sales, SalesPoint},
    events::orders::Inventory,
    ids::{OrderId, TicketId, UserId},
    money::MajorUnits,
    order::OrderStatus,
};
use ticketing_http::idempotency::Repeatable;
use ticketing_postgres::Pool;
use ticketing_runtime::Clock;

use crate::{
    domain::{Answer, Command, Hold, Order, Payment, Refusal},
    error::Error,
    offers::Offers,
    reservation::{self, Reservations},
    sales::{Asked, State},
    store::{payments, reading, sales_series},
};

/// Orders and stock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Whatever changes an order or stock.
    pub reservations: Reservations,
    /// The tickets that there is no copy of yet.
    pub offers: Offers,
    /// The schema, for what is only read.
    pub pool: Pool,
    /// The time.
    pub clock: Clock,
}

impl Orders {
    /// Places an order: all of its items, or nothing. With a key that the buyer has used before, it is
    /// the order of that time.
    ///
    /// # Errors
    /// With the [`Refusal`], or when something is away.
    pub async fn place(
        &self,
        user_id: UserId,
        items: Vec<NewOrderItem>,
        request: Option<Repeatable>,
    ) -> Result<Arc<Order>, Error> {
        let hold = Hold {
            order_id: OrderId::new(self.clock.now()),
            user_id,
            items,
            request: request.map(|request| (request.key, request.fingerprint)),
        };
        match self.offers.hold(hold).await? {
            Answer::Held(order) => Ok(order),
            other => Err(Error::unexpected(&other)),
        }
    }

    /// Cancels an order, if it is not over anyway.
    ///
    /// # Errors
    /// When it is another's, complete or being paid.
    pub async fn cancel(&self, user_id: UserId, order_id: OrderId) -> Result<(), Error> {
        let command = Command::Cancel { order_id, user_id };
        self.reservations.submit(command).await?;
        Ok(())
    }

    /// Whatever another service wants to be done.
    ///
    /// # Errors
    /// With the [`Refusal`], or when the database is away.
    pub async fn tell(&self, asked: impl Into<reservation::Asked>) -> Result<Answer, Error> {
        Ok(self.reservations.submit(asked).await?)
    }

    /// What there is of a ticket.
    ///
    /// # Errors
    /// When it was never heard of.
    pub async fn inventory(&self, ticket: TicketId) -> Result<Inventory, Error> {
        let inventory = reading::inventory(&mut *self.pool.get().await?, ticket).await?;
        Ok(inventory.ok_or(Refusal::UnknownTicket(ticket))?)
    }

    /// An order, for its buyer, and what was heard of its payment.
    ///
    /// # Errors
    /// When there is none, or it is another's.
    pub async fn find(
        &self,
        user_id: UserId,
        order_id: OrderId,
    ) -> Result<(Order, Option<Payment>), Error> {
        let connection = self.pool.get().await?;
        let found = reading::find(&connection, order_id).await?;
        let (order, payment) = found.ok_or(Refusal::UnknownOrder)?;
        if order.user_id != user_id {
            return Err(Refusal::NotYours.into());
        }
        Ok((order, payment))
    }

    /// A buyer's orders, newest first, and what was heard of their payments: at most `limit`, of those
    /// before `before`.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn of_buyer(
        &self,
        user_id: UserId,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: u16,
    ) -> Result<Vec<(Order, Option<Payment>)>, Error> {
        let mut connection = self.pool.get().await?;
        let orders = reading::of_buyer(&mut connection, user_id, status, before, limit).await?;
        // For others no lease was granted, and there is no payment.
        let tried = orders.iter().filter(|order| order.lease > 0);
        let tried = tried.map(|order| order.id);
        let mut payments = payments::of_orders(&connection, tried).await?;
        let orders = orders.into_iter().map(|order| {
            let payment = payments.remove(&order.id);
            (order, payment)
        });
        Ok(orders.collect())
    }

    /// Publishes how full everything is as metrics.
    #[expect(clippy::cast_precision_loss, reason = "a queue is short")]
    pub fn observe(&self) {
        self.pool.observe();
        metrics::gauge!("orders_queue_depth").set(self.reservations.waiting() as f64);
    }

    /// What became of a ticket, for its seller.
    ///
    /// # Errors
    /// When there is no such ticket, it is another's, or more points are asked for than are given.
    pub async fn sales(
        &self,
        seller: UserId,
        ticket: TicketId,
        asked: &Asked,
    ) -> Result<Sales, Error> {
        let mut connection = self.pool.get().await?;
        let figures = sales_series::figures(&mut connection, ticket).await?;
        let figures = figures.ok_or(Refusal::UnknownTicket(ticket))?;
        if figures.seller != seller {
            return Err(Error::NotYourTicket);
        }
        let moments = asked.moments(figures.first, figures.now)?;
        let states = sales_series::at(&mut connection, ticket, &moments).await?;
        let amount = |minor| MajorUnits::from_minor(minor, figures.currency);
        let point = |(at, state): (_, State)| SalesPoint {
            at,
            held: state.held,
            sold: state.sold,
            revenue: amount(state.revenue),
        };
        Ok(Sales {
            capacity: figures.capacity,
            held: figures.state.held,
            sold: figures.state.sold,
            revenue: amount(figures.state.revenue),
            currency: figures.currency,
            series: moments.into_iter().zip(states).map(point).collect(),
        })
    }
}
