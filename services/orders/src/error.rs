//! What can go wrong in orders, and what a client is told of it.

use std::time::Duration;

use actix_web::http::StatusCode;
use ticketing_contracts::api::problem::ErrorItem;
use ticketing_http::Problem;
use ticketing_postgres::{errors::connection_lost, pool::Unavailable};

use crate::{
    domain::{Answer, Refusal},
    reservation, sales,
};

/// What to wait for the queue of commands to drain.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// What to wait for Postgres, or another service, to come back.
const AWAY_RETRY: Duration = Duration::from_secs(2);

/// An error of the domain or of what it stands on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reservation's answer.
    #[error(transparent)]
    Reservation(#[from] reservation::Error),
    /// Somebody else is the seller.
    #[error("Not your ticket")]
    NotYourTicket,
    /// The seller's figures were asked for in a way that can't be answered.
    #[error(transparent)]
    Sales(#[from] sales::Invalid),
    /// The ticket may be new, and tickets can't be asked.
    #[error("tickets can't be asked: {0}")]
    TicketsAway(String),
    /// No connection to the database.
    #[error(transparent)]
    DatabaseUnavailable(#[from] Unavailable),
    /// The database refused or broke off.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    /// A bug, or broken data.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Each command has its answer; this is another's.
    pub(crate) fn unexpected(answer: &Answer) -> Self {
        Self::Internal(format!("a command was answered with {answer:?}"))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Reservation(reservation::Error::Refused(refusal))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Reservation(reservation::Error::Refused(refusal)) => refused(&refusal),
            Error::Reservation(error @ reservation::Error::Busy) => {
                Self::unavailable(BUSY_RETRY, error)
            }
            Error::Reservation(error @ reservation::Error::Unavailable(_)) => {
                Self::unavailable(AWAY_RETRY, error)
            }
            Error::Reservation(error) => Self::internal(error),
            Error::NotYourTicket => Self::forbidden(error.to_string()),
            Error::Sales(sales::Invalid { field, message }) => invalid(field, message.to_owned()),
            Error::TicketsAway(_) => Self::unavailable(AWAY_RETRY, error),
            Error::DatabaseUnavailable(cause) => Self::unavailable(AWAY_RETRY, cause),
            Error::Database(cause) if connection_lost(&cause) => {
                Self::unavailable(AWAY_RETRY, cause)
            }
            Error::Database(cause) => Self::internal(cause),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

/// A refusal speaks to the client itself; here it gets its status.
fn refused(refusal: &Refusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        Refusal::UnknownTicket(_) | Refusal::Withdrawn | Refusal::UnknownOrder => {
            Problem::not_found()
        }
        Refusal::NotYours => Problem::forbidden(message),
        Refusal::MixedCurrencies | Refusal::SameTicketTwice | Refusal::Empty => {
            invalid("items", message)
        }
        Refusal::OverMaxPerOrder(_) | Refusal::TooExpensive => invalid("quantity", message),
        Refusal::KeyReused => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message),
        Refusal::PriceChanged { .. }
        | Refusal::OverMaxPerPerson(..)
        | Refusal::Reserved
        | Refusal::SoldOut
        | Refusal::OnlyLeft(_)
        | Refusal::AllHeld
        | Refusal::Complete
        | Refusal::BeingPaid
        | Refusal::Cancelled
        | Refusal::Expired
        | Refusal::InUse { .. } => Problem::new(StatusCode::CONFLICT, message),
    }
}

fn invalid(field: &str, message: String) -> Problem {
    let field = Some(field.to_owned());
    Problem::invalid(vec![ErrorItem { message, field }])
}
