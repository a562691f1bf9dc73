//! tickets: what is offered.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use reqwest::Method;
use ticketing_contracts::{
    api::tickets::{NewTicket, Ticket, TicketEdit},
    ids::TicketId,
};

use super::{
    Caller, ClientError, Paged,
    connection::{Ask, Connection},
};

const PATH: &str = "/api/tickets";

/// For how long one answer of the list is everybody's. Stock is live on the page anyway.
const SHARED_FOR: Duration = Duration::from_millis(250);

/// The most lists that are shared at a time.
const LISTS: u64 = 1000;

/// Offers, by everybody and by their sellers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TicketsClient {
    connection: Connection,
    /// Whoever asks for the same list while it is being asked for waits for the same answer.
    lists: Cache<List, Arc<Paged<Ticket>>>,
}

/// Which part of the offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct List {
    /// Words of the title.
    pub q: Option<String>,
    /// Where it begins; from [`Paged::next`].
    pub cursor: Option<String>,
}

impl TicketsClient {
    pub(super) fn new(connection: Connection) -> Self {
        let lists = Cache::builder()
            .time_to_live(SHARED_FOR)
            .max_capacity(LISTS)
            .build();
        Self { connection, lists }
    }

    /// What has something left, newest first: the same for everybody, so it may be a quarter of a second
    /// old.
    ///
    /// # Errors
    /// 400 for a cursor that is none.
    pub async fn list(&self, list: List) -> Result<Arc<Paged<Ticket>>, ClientError> {
        let asked = self.ask_for(list.clone());
        let answer = self.lists.try_get_with(list, asked).await;
        answer.map_err(|error| ClientError::clone(&error))
    }

    async fn ask_for(&self, list: List) -> Result<Arc<Paged<Ticket>>, ClientError> {
        let ask = Ask::get(PATH)
            .query("q", list.q)
            .query("cursor", list.cursor);
        self.connection.page(ask).await.map(Arc::new)
    }

    /// All of the visitor's own, newest first.
    ///
    /// # Errors
    /// 400 for a cursor that is none, 401.
    pub async fn mine(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
    ) -> Result<Paged<Ticket>, ClientError> {
        let ask = Ask::get(PATH)
            .query("owner", Some("me"))
            .query("cursor", cursor);
        self.connection.page(ask.by(caller)).await
    }

    /// One.
    ///
    /// # Errors
    /// 404.
    pub async fn show(&self, id: TicketId) -> Result<Ticket, ClientError> {
        self.connection.answer(Ask::get(&path(id))).await
    }

    /// Puts one up; again with the same `key`, the same one.
    ///
    /// # Errors
    /// 400 with `field` for what is wrong, 401.
    pub async fn create(
        &self,
        caller: &Caller,
        key: &str,
        ticket: &NewTicket,
    ) -> Result<Ticket, ClientError> {
        let ask = Ask::post(PATH).by(caller).once(key).json(ticket);
        self.connection.answer(ask).await
    }

    /// Changes one.
    ///
    /// # Errors
    /// 400 with `field` for what is wrong, 403, 404, 409 when it was changed since or is reserved.
    pub async fn edit(
        &self,
        caller: &Caller,
        id: TicketId,
        edit: &TicketEdit,
    ) -> Result<Ticket, ClientError> {
        let path = path(id);
        let ask = Ask::new(Method::PUT, &path).by(caller).json(edit);
        self.connection.answer(ask).await
    }

    /// Takes one back.
    ///
    /// # Errors
    /// 403, 404, 409 while anything is held or sold.
    pub async fn withdraw(&self, caller: &Caller, id: TicketId) -> Result<(), ClientError> {
        let path = path(id);
        let ask = Ask::new(Method::DELETE, &path).by(caller);
        self.connection.done(ask).await
    }
}

fn path(id: TicketId) -> String {
    format!("{PATH}/{id}")
}
