//! The writer's connection.

use diesel_async::{AsyncPgConnection, RunQueryDsl, pooled_connection::PoolableConnection};
use ticketing_postgres::DatabaseSettings;

use crate::error::Error;

/// What somebody else is adding just now (the same order's payment, the same event) has to be waited for.
/// Should that take longer, those of the batch go on alone.
///
/// However few rows the statistics know of, there will be more before a plan is made anew. So it is one that
/// fits any number, and is made once: it would take longer than the statement does.
const SETTINGS: [&str; 3] = [
    "SET lock_timeout = '250ms'",
    "SET enable_seqscan = off",
    "SET plan_cache_mode = force_generic_plan",
];

/// A connection beside the pool, because it has settings of its own.
pub(super) struct Session {
    database: DatabaseSettings,
    connection: Option<AsyncPgConnection>,
}

impl Session {
    pub fn new(database: DatabaseSettings) -> Self {
        Self {
            database,
            connection: None,
        }
    }

    /// The connection. If it is not put back it is closed, and whatever was begun on it rolled back.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn take(&mut self) -> Result<AsyncPgConnection, Error> {
        let mut kept = self.connection.take();
        match kept.take_if(|connection| !connection.is_broken()) {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    pub fn put_back(&mut self, connection: AsyncPgConnection) {
        self.connection = Some(connection);
    }

    async fn connect(&self) -> Result<AsyncPgConnection, Error> {
        let connected = self.database.connect().await;
        let mut connection = connected.map_err(|error| Error::DatabaseAway(error.to_string()))?;
        for setting in SETTINGS {
            diesel::sql_query(setting).execute(&mut connection).await?;
        }
        Ok(connection)
    }
}
