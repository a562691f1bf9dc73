//! What can go wrong in auth, and what a client is told of it.

use std::time::Duration;

use ticketing_contracts::api::problem::ErrorItem;
use ticketing_http::Problem;
use ticketing_postgres::{errors::connection_lost, pool::Unavailable};

/// What to wait for a queue of hashes to drain.
const HASHING_RETRY: Duration = Duration::from_secs(1);

/// What to wait for Postgres to come back.
const DATABASE_RETRY: Duration = Duration::from_secs(2);

/// An error of the domain or of what it stands on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody has an account with this address.
    #[error("the address is in use")]
    EmailInUse,
    /// The address or the password is wrong. It is not told which.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Too many attempts; the next may come after this time.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// More passwords are waiting to be hashed than the queue holds.
    #[error("the hashing queue is full")]
    HashingBusy,
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::EmailInUse => {
                let message = "Email in use".to_owned();
                Self::invalid(vec![ErrorItem {
                    message,
                    field: Some("email".to_owned()),
                }])
            }
            Error::InvalidCredentials => Self::bad_request("Invalid credentials"),
            Error::TooManyAttempts(wait) => Self::too_many_requests(wait),
            Error::HashingBusy => Self::unavailable(HASHING_RETRY, error),
            Error::DatabaseUnavailable(cause) => Self::unavailable(DATABASE_RETRY, cause),
            Error::Database(cause) if connection_lost(&cause) => {
                Self::unavailable(DATABASE_RETRY, cause)
            }
            Error::Database(cause) => Self::internal(cause),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}
