//! What a database error means to the code that asked.

use diesel::result::{DatabaseErrorKind, Error};

/// How Postgres' messages begin while it ends, begins, or ends a connection (SQLSTATE class 57P),
/// which diesel passes on without their code.
const NOT_SERVING: [&str; 2] = ["terminating connection ", "the database system is "];

/// Whether `error` says that the constraint `name` was violated, so that what the database refused
/// becomes what the domain calls it.
#[must_use]
pub fn violated(error: &Error, name: &str) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.constraint_name() == Some(name))
}

/// Whether the connection broke, rather than the statement: it is worth trying again later.
#[must_use]
pub fn connection_lost(error: &Error) -> bool {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
            _,
        )
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, information) => NOT_SERVING
            .iter()
            .any(|beginning| information.message().starts_with(beginning)),
        _ => false,
    }
}

/// Whether the transaction was rolled back because of others and may succeed if run again.
#[must_use]
pub fn lost_a_race(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, information) => information.message() == "deadlock detected",
        _ => false,
    }
}
