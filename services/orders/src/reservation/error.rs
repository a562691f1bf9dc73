//! Why a request was not answered as it hoped.

use crate::domain::Refusal;

/// An error that all requests of a batch may share.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// It was decided, and refused. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many requests wait already. Nothing was changed.
    #[error("the reservation queue is full")]
    Busy,
    /// The database is away. Nothing was changed, as far as one can tell: when the answer to a commit
    /// was lost and stays so, a repeat with the same idempotency key finds out.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// A bug, or broken data. Nothing was changed.
    #[error("{0}")]
    Internal(String),
}
