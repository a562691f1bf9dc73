//! Connections to one schema.

use std::ops::{Deref, DerefMut};

use diesel::ConnectionError;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool},
};
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;

use crate::DatabaseSettings;

/// A bounded pool. Cheap to clone.
#[derive(Clone)]
pub struct Pool(deadpool::Pool<AsyncPgConnection>);

/// A connection that goes back to its pool when dropped. Within a transaction (its request was dropped,
/// or panicked) it is closed instead, so that Postgres rolls back at once: in the pool, its locks
/// would be held until its turn comes.
pub struct Connection(Option<deadpool::Object<AsyncPgConnection>>);

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if AnsiTransactionManager::is_broken_transaction_manager(&mut **self) {
            self.0.take().map(deadpool::Object::take);
        }
    }
}

/// No connection could be had: the pool is exhausted or Postgres is away.
#[derive(Debug, thiserror::Error)]
#[error("no database connection: {0}")]
pub struct Unavailable(String);

impl Pool {
    /// A pool that connects when first used, so that a service starts while Postgres is away.
    /// Connections are driven by the runtime this is called on, not by the worker that asks for them.
    ///
    /// # Errors
    /// When the pool can't be built.
    pub fn new(settings: &DatabaseSettings) -> anyhow::Result<Self> {
        let client = settings.client();
        let runtime = Handle::current();
        let mut config = ManagerConfig::default();
        // A broken connection is noticed by its own driver; a query per checkout would double the
        // round trips.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let connecting = runtime.spawn(connect(client.clone()));
            async move { connecting.await.map_err(|error| bad(&error))? }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        let inner = deadpool::Pool::builder(manager)
            .max_size(settings.connections)
            .wait_timeout(Some(settings.wait))
            .create_timeout(Some(settings.wait))
            .runtime(::deadpool::Runtime::Tokio1)
            .build()?;
        Ok(Self(inner))
    }

    /// A connection, after at most the configured wait.
    ///
    /// # Errors
    /// [`Unavailable`] when there is none in time.
    pub async fn get(&self) -> Result<Connection, Unavailable> {
        let connection = self.0.get().await;
        connection
            .map(|connection| Connection(Some(connection)))
            .map_err(|error| Unavailable(error.to_string()))
    }

    /// Whether Postgres answers. Reads nothing.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> anyhow::Result<()> {
        let mut connection = self.get().await?;
        diesel::sql_query("SELECT 1")
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    /// Publishes the pool's size and use as metrics.
    #[expect(clippy::cast_precision_loss, reason = "pool sizes are small")]
    pub fn observe(&self) {
        let status = self.0.status();
        metrics::gauge!("database_connections", "state" => "open").set(status.size as f64);
        metrics::gauge!("database_connections", "state" => "idle").set(status.available as f64);
        metrics::gauge!("database_connection_waiters").set(status.waiting as f64);
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("status", &self.0.status())
            .finish_non_exhaustive()
    }
}

pub(crate) async fn connect(
    client: tokio_postgres::Config,
) -> Result<AsyncPgConnection, ConnectionError> {
    let (client, connection) = client.connect(NoTls).await.map_err(|error| bad(&error))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn bad(error: &(dyn std::error::Error + 'static)) -> ConnectionError {
    // tokio-postgres keeps the reason in the source.
    let reason = error
        .source()
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    ConnectionError::BadConnection(reason)
}
