//! The connection that everything but the consumer's blocking reads goes over.

use std::sync::Arc;

use redis::{RedisResult, aio::MultiplexedConnection, cmd};
use ticketing_messaging::connection::RedisSettings;
use tokio::sync::Mutex;

/// One connection that is made when it is first needed, and again after a failure. Clones share it.
#[derive(Debug, Clone)]
pub struct Connection {
    settings: RedisSettings,
    live: Arc<Mutex<Option<MultiplexedConnection>>>,
}

impl Connection {
    /// To this Redis.
    #[must_use]
    pub fn new(settings: RedisSettings) -> Self {
        Self {
            settings,
            live: Arc::default(),
        }
    }

    /// The connection. What is done with it is to be told to [`Self::settle`].
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn get(&self) -> RedisResult<MultiplexedConnection> {
        let mut live = self.live.lock().await;
        match &*live {
            Some(connection) => Ok(connection.clone()),
            None => Ok(live.insert(self.settings.connect().await?).clone()),
        }
    }

    /// Passes an outcome on. After a failure the connection may be broken: the next one who asks gets
    /// another.
    ///
    /// # Errors
    /// The outcome's.
    pub async fn settle<T, E>(&self, outcome: Result<T, E>) -> Result<T, E> {
        if outcome.is_err() {
            *self.live.lock().await = None;
        }
        outcome
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> RedisResult<()> {
        let mut connection = self.get().await?;
        self.settle(cmd("PING").query_async(&mut connection).await)
            .await
    }
}
