//! The writer's connection.

use diesel_async::{AsyncPgConnection, RunQueryDsl, pooled_connection::PoolableConnection};
use ticketing_postgres::DatabaseSettings;

use crate::error::Error;

/// What somebody else is adding just now (the same order's payment, the same event) has to be waited for.
/// Should that take longer, those of the batch go on alone.
const LOCK: &str = "SET lock_timeout = '250ms'";

/// A connection beside the pool, because it has settings of its own.
pub(super) struct Session {
    database: DatabaseSettings,
    connection: Option<AsyncPgConnection>,
}

impl Session {
    pub fn new(database: DatabaseSettings) -> Self {
        Self {
            database: database.planned_once(),
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
        diesel::sql_query(LOCK).execute(&mut connection).await?;
        Ok(connection)
    }
}
