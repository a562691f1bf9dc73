//! Tickets that were ordered before the event about them has come: they are asked for.
//!
//! So nobody who has just put up a ticket is told that there is no such ticket. However many orders
//! wait for one ticket, it is asked for once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::http::StatusCode;
use futures::{
    FutureExt, TryFutureExt,
    future::{BoxFuture, Shared},
};
use ticketing_contracts::{events::tickets::Ticket, ids::TicketId};
use ticketing_http::internal::{Peer, PeerError};
use ticketing_runtime::telemetry::trace::TraceContext;
use tokio::runtime::Handle;

use crate::{
    domain::{Answer, Command, Hold, Refusal},
    error::Error,
    reservation::{self, Reservations},
};

/// A ticket on its way to the stock. What went wrong is told to all who wait for it.
type Fetching = Shared<BoxFuture<'static, Result<(), Failed>>>;

/// Why there is no copy.
#[derive(Debug, Clone)]
enum Failed {
    /// There is no such ticket, or it was withdrawn.
    NoSuchTicket,
    /// tickets does not answer.
    Away(String),
    /// It could not be applied.
    Reservation(reservation::Error),
}

/// Asks tickets. Cheap to clone.
#[derive(Clone)]
pub struct Offers {
    tickets: Peer,
    reservations: Reservations,
    fetching: Arc<Mutex<HashMap<TicketId, Fetching>>>,
    /// Fetching outlives the request that began it, and the worker that serves that.
    runtime: Handle,
}

impl Offers {
    /// `tickets` is the service of that name. To be called on the runtime that outlives all requests.
    #[must_use]
    pub fn new(tickets: Peer, reservations: Reservations) -> Self {
        Self {
            tickets,
            reservations,
            fetching: Arc::default(),
            runtime: Handle::current(),
        }
    }

    /// Holds, after fetching the tickets that there is no copy of.
    ///
    /// # Errors
    /// As [`Reservations::submit`], and when tickets can't be asked.
    pub async fn hold(&self, hold: Hold) -> Result<Answer, Error> {
        // Each is fetched once: one that is unknown even then is given up.
        for _ in 0..hold.items.len() {
            let answer = self.reservations.submit(Command::Hold(hold.clone())).await;
            let Err(reservation::Error::Refused(Refusal::UnknownTicket(ticket))) = answer else {
                return Ok(answer?);
            };
            self.fetch(ticket).await?;
        }
        Ok(self.reservations.submit(Command::Hold(hold)).await?)
    }

    async fn fetch(&self, ticket: TicketId) -> Result<(), Error> {
        self.fetching(ticket).await.map_err(|failed| match failed {
            Failed::NoSuchTicket => Refusal::UnknownTicket(ticket).into(),
            Failed::Away(why) => Error::TicketsAway(why),
            Failed::Reservation(error) => error.into(),
        })
    }

    fn fetching(&self, ticket: TicketId) -> Fetching {
        let mut fetching = lock(&self.fetching);
        let begun = fetching.entry(ticket).or_insert_with(|| {
            let trace = TraceContext::current().unwrap_or_else(TraceContext::random);
            let task = self.clone().fetch_and_offer(ticket);
            self.runtime
                .spawn(trace.scope(task))
                .unwrap_or_else(|ended| Err(Failed::Away(ended.to_string())))
                .boxed()
                .shared()
        });
        begun.clone()
    }

    async fn fetch_and_offer(self, ticket: TicketId) -> Result<(), Failed> {
        let path = format!("/internal/tickets/{ticket}");
        let outcome = match self.tickets.get::<Ticket>(&path).await {
            Ok(ticket) => {
                let offered = self.reservations.submit(Command::Offer(ticket)).await;
                offered.map(drop).map_err(Failed::Reservation)
            }
            Err(PeerError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => {
                Err(Failed::NoSuchTicket)
            }
            Err(error) => Err(Failed::Away(error.to_string())),
        };
        // Whoever asks from now on may get another answer.
        lock(&self.fetching).remove(&ticket);
        outcome
    }
}

impl std::fmt::Debug for Offers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offers")
            .field("tickets", &self.tickets)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
