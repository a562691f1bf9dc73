//! What can go wrong in payments, and what a client is told of it.

use std::time::Duration;

use actix_web::http::StatusCode;
use diesel::result::Error as DatabaseError;
use ticketing_http::{Problem, internal::PeerError};
use ticketing_postgres::{errors::connection_lost, pool::Unavailable, tx::AsTransactionError};

use crate::{domain::Refusal, gateway::Fault};

/// What to wait for Postgres to come back.
const DATABASE_RETRY: Duration = Duration::from_secs(2);

/// What to wait for orders to come back.
const ORDERS_RETRY: Duration = Duration::from_secs(1);

/// An error of the domain or of what it stands on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payment stays as it is.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Orders does not let the order be paid.
    #[error("{message}")]
    OrderRefused {
        /// 400 to 499.
        status: StatusCode,
        /// In words for a person.
        message: String,
    },
    /// Orders can't be asked.
    #[error("orders: {0}")]
    OrdersUnavailable(String),
    /// Stripe did not do it, or may not have.
    #[error(transparent)]
    Stripe(#[from] Fault),
    /// No connection to the database.
    #[error(transparent)]
    DatabaseUnavailable(#[from] Unavailable),
    /// The same, for all that were to be written together.
    #[error("the database is away: {0}")]
    DatabaseAway(String),
    /// The database refused or broke off.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A bug, or broken data.
    #[error("{0}")]
    Internal(String),
}

impl From<PeerError> for Error {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Refused { status, message } => Self::OrderRefused { status, message },
            PeerError::Unavailable(cause) => Self::OrdersUnavailable(cause),
        }
    }
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
        match error {
            Error::Refused(refusal) => refused(refusal),
            Error::OrderRefused { status, message } => order_refused(status, message),
            Error::OrdersUnavailable(_) => Self::unavailable(ORDERS_RETRY, error),
            Error::Stripe(fault) => Self::unavailable(ORDERS_RETRY, fault),
            Error::DatabaseUnavailable(cause) => Self::unavailable(DATABASE_RETRY, cause),
            Error::DatabaseAway(cause) => Self::unavailable(DATABASE_RETRY, cause),
            Error::Database(cause) if connection_lost(&cause) => {
                Self::unavailable(DATABASE_RETRY, cause)
            }
            Error::Database(cause) => Self::internal(cause),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::not_found(),
        Refusal::NotYours => Problem::forbidden(refusal.to_string()),
        Refusal::UnderWay | Refusal::Paid | Refusal::Ended | Refusal::Superseded => {
            Problem::new(StatusCode::CONFLICT, refusal.to_string())
        }
        Refusal::KeyReused => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()),
    }
}

/// What orders says to the buyer is passed on. What it says to us would be a mistake of ours.
fn order_refused(status: StatusCode, message: String) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::FORBIDDEN => Problem::forbidden(message),
        StatusCode::CONFLICT => Problem::new(status, message),
        _ => Problem::internal(format!("orders answered {status}: {message}")),
    }
}
