//! Why events did not take effect, and whether that can change by itself.

use diesel::result::{DatabaseErrorKind, Error};
use ticketing_postgres::{errors, tx::AsTransactionError};

/// What is wrong for a while and not with the statement: how Postgres' messages begin (SQLSTATE
/// classes 25006, 53, 55P03, 57014), which diesel passes on without their code.
const FOR_A_WHILE: [&str; 7] = [
    "canceling statement due to ",
    "sorry, too many clients",
    "remaining connection slots are reserved",
    "out of memory",
    "out of shared memory",
    "could not extend file",
    "cannot execute ",
];

/// An event or a batch could not take effect.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database's answer.
    #[error("{0}")]
    Database(#[from] Error),
    /// It will fail however often it is tried.
    #[error("{0:#}")]
    Permanent(anyhow::Error),
    /// Something is away; it is tried again until it is back.
    #[error("{0:#}")]
    Transient(anyhow::Error),
}

impl Failure {
    /// The handler panicked: that is the event's doing as well.
    pub(crate) fn panicked() -> Self {
        Self::Permanent(anyhow::anyhow!("the handler panicked"))
    }

    /// Whether the event itself is to blame, as far as one can tell.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Database(error) => is_permanent(error),
            Self::Permanent(_) => true,
            Self::Transient(_) => false,
        }
    }
}

fn is_permanent(error: &Error) -> bool {
    if errors::connection_lost(error) || errors::lost_a_race(error) {
        return false;
    }
    match error {
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => false,
        Error::DatabaseError(_, information) => !FOR_A_WHILE
            .iter()
            .any(|beginning| information.message().starts_with(beginning)),
        Error::RollbackTransaction | Error::RollbackErrorOnCommit { .. } => false,
        _ => true,
    }
}

impl From<ticketing_postgres::pool::Unavailable> for Failure {
    fn from(error: ticketing_postgres::pool::Unavailable) -> Self {
        Self::Transient(error.into())
    }
}

impl From<redis::RedisError> for Failure {
    fn from(error: redis::RedisError) -> Self {
        Self::Transient(error.into())
    }
}

impl AsTransactionError for Failure {
    fn as_database(&self) -> Option<&Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        DatabaseErrorKind::CheckViolation,
        "new row violates check constraint",
        true
    )]
    #[case(DatabaseErrorKind::Unknown, "bigint out of range", true)]
    #[case(
        DatabaseErrorKind::Unknown,
        "canceling statement due to lock timeout",
        false
    )]
    #[case(DatabaseErrorKind::Unknown, "deadlock detected", false)]
    #[case(
        DatabaseErrorKind::SerializationFailure,
        "could not serialize access",
        false
    )]
    #[case(
        DatabaseErrorKind::Unknown,
        "terminating connection due to administrator command",
        false
    )]
    #[case(DatabaseErrorKind::Unknown, "sorry, too many clients already", false)]
    #[case(
        DatabaseErrorKind::Unknown,
        "could not extend file \"base/1/2\": No space left on device",
        false
    )]
    #[case(DatabaseErrorKind::ClosedConnection, "connection closed", false)]
    fn only_the_events_own_errors_are_permanent(
        #[case] kind: DatabaseErrorKind,
        #[case] message: &str,
        #[case] permanent: bool,
    ) {
        let error = Error::DatabaseError(kind, Box::new(message.to_owned()));
        assert_eq!(Failure::from(error).is_permanent(), permanent);
    }
}
