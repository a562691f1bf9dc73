//! What a database error means to the code that asked.

use diesel::result::{DatabaseErrorKind, Error};

/// Messages of Postgres while it ends or begins (SQLSTATE 57P01 to 57P03), which diesel passes on
/// without their code.
const NOT_SERVING: [&str; 5] = [
    "terminating connection due to administrator command",
    "terminating connection because of crash of another server process",
    "the database system is shutting down",
    "the database system is starting up",
    "the database system is in recovery mode",
];

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
        Error::DatabaseError(_, information) => NOT_SERVING.contains(&information.message()),
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
