//! orders: what is held and bought.

use reqwest::Method;
use ticketing_contracts::{
    api::orders::{NewOrder, Order, Sales},
    ids::{OrderId, TicketId},
};

use super::{
    Caller, ClientError, Paged,
    connection::{Ask, Connection},
};

const PATH: &str = "/api/orders";

/// A visitor's orders, and a seller's sales. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OrdersClient(Connection);

impl OrdersClient {
    pub(super) fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// Holds tickets; again with the same `key`, the same order.
    ///
    /// # Errors
    /// 400, 401, 404, 409 with what is left or when the price has changed.
    pub async fn place(
        &self,
        caller: &Caller,
        key: &str,
        order: &NewOrder,
    ) -> Result<Order, ClientError> {
        let ask = Ask::post(PATH).by(caller).once(key).json(order);
        self.0.answer(ask).await
    }

    /// The visitor's, newest first.
    ///
    /// # Errors
    /// 400 for a cursor that is none, 401.
    pub async fn list(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
    ) -> Result<Paged<Order>, ClientError> {
        let ask = Ask::get(PATH).query("cursor", cursor).by(caller);
        self.0.page(ask).await
    }

    /// One.
    ///
    /// # Errors
    /// 401, 403, 404.
    pub async fn show(&self, caller: &Caller, id: OrderId) -> Result<Order, ClientError> {
        self.0.answer(Ask::get(&path(id)).by(caller)).await
    }

    /// Gives the tickets back.
    ///
    /// # Errors
    /// 403, 404, 409 when it is complete or being paid.
    pub async fn cancel(&self, caller: &Caller, id: OrderId) -> Result<(), ClientError> {
        let path = path(id);
        self.0
            .done(Ask::new(Method::DELETE, &path).by(caller))
            .await
    }

    /// What became of one ticket, for its seller, in as many steps as orders chooses.
    ///
    /// # Errors
    /// 401, 403, 404.
    pub async fn sales(&self, caller: &Caller, ticket: TicketId) -> Result<Sales, ClientError> {
        let ask = Ask::get("/api/orders/sales").query("ticketId", Some(ticket));
        self.0.answer(ask.by(caller)).await
    }
}

fn path(id: OrderId) -> String {
    format!("{PATH}/{id}")
}
