//! What can go wrong in tickets, and what a client is told of it.

use std::{sync::Arc, time::Duration};

use diesel::result::Error as DatabaseError;
use ticketing_contracts::api::problem::ErrorItem;
use ticketing_http::{Problem, idempotency::NotRepeated, internal::PeerError};
use ticketing_postgres::{errors::connection_lost, pool::Unavailable, tx::AsTransactionError};

use crate::domain::Refused;

/// What to wait for Postgres to come back.
const DATABASE_RETRY: Duration = Duration::from_secs(2);

/// What to wait for orders to come back.
const ORDERS_RETRY: Duration = Duration::from_secs(1);

/// An error of the domain or of what it stands on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ticket stays as it is.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A repeat that can't be answered as its twin was.
    #[error(transparent)]
    NotRepeated(#[from] NotRepeated),
    /// Orders can't be asked.
    #[error("orders: {0}")]
    OrdersUnavailable(PeerError),
    /// No connection to the database.
    #[error(transparent)]
    DatabaseUnavailable(#[from] Unavailable),
    /// The database refused or broke off.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What several asked for failed for all of them.
    #[error(transparent)]
    Shared(#[from] Arc<Error>),
    /// A bug, or broken data.
    #[error("{0}")]
    Internal(String),
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl AsTransactionError for Error {
    fn as_database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::Refused(refused) => refusal(refused),
            Error::NotRepeated(reason) => (*reason).into(),
            Error::OrdersUnavailable(_) => Self::unavailable(ORDERS_RETRY, error),
            Error::DatabaseUnavailable(cause) => Self::unavailable(DATABASE_RETRY, cause),
            Error::Database(cause) if connection_lost(cause) => {
                Self::unavailable(DATABASE_RETRY, cause)
            }
            Error::Database(cause) => Self::internal(cause),
            Error::Shared(error) => Self::from(&**error),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

fn refusal(refused: &Refused) -> Problem {
    let conflict = |message| Problem::new(actix_web::http::StatusCode::CONFLICT, message);
    match refused {
        Refused::Unknown => Problem::not_found(),
        Refused::NotYours => Problem::forbidden("Not your ticket"),
        Refused::Stale => conflict("The ticket was edited meanwhile"),
        Refused::Reserved => conflict("Cannot edit a reserved ticket"),
        Refused::HeldOrSold => {
            conflict("Cannot withdraw a ticket while some of it is held or sold")
        }
        Refused::AnotherCurrency(currency) => invalid(
            "currency",
            format!("Currency can't be changed: it is {currency}"),
        ),
        Refused::Price(message) => invalid("price", message.clone()),
    }
}

fn invalid(field: &str, message: String) -> Problem {
    Problem::invalid(vec![ErrorItem {
        message,
        field: Some(field.to_owned()),
    }])
}
