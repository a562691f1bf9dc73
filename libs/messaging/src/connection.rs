//! Connections to Redis, and whether it is set up to keep what it is given.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisResult,
    aio::MultiplexedConnection,
};
use secrecy::{ExposeSecret, SecretString};
use ticketing_runtime::Settings;

use crate::wire::{Wire, WireError};

/// For everything but a blocking read. Far above what Redis needs, far below what a human calls a hang.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

pub(crate) const CONNECTS_WITHIN: Duration = Duration::from_secs(2);

/// What a Redis that carries events must be set to, and why.
const EXPECTED: [(&str, &str, &str); 3] = [
    (
        "appendonly",
        "yes",
        "a restart of Redis makes every stream be published again",
    ),
    (
        "appendfsync",
        "everysec",
        "a crash loses more, or every write waits for the disk",
    ),
    (
        "maxmemory-policy",
        "noeviction",
        "Redis may drop streams and deadlines when it is full",
    ),
];

/// Which Redis, and where in it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://host:port`, without a password.
    pub url: String,
    /// The password; `None` only for tests' own servers.
    pub password: Option<SecretString>,
    /// What the names of streams and keys begin with. Empty, except in tests.
    pub prefix: String,
}

impl RedisSettings {
    /// Reads `REDIS_URL`, `REDIS_PASSWORD` and `REDIS_PREFIX`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let url = settings.required::<String>("REDIS_URL");
        let password = settings.secret("REDIS_PASSWORD");
        let prefix = settings.or("REDIS_PREFIX", String::new());
        if url.as_deref().is_some_and(|url| !is_by_tcp(url)) {
            settings.wrong("REDIS_URL", "not a URL such as redis://127.0.0.1:6379");
        }
        Some(Self {
            url: url?,
            password: Some(password?),
            prefix: prefix?,
        })
    }

    /// The key of a stream, or of anything else.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A connection of the caller's own, whose commands fail when they are not answered in seconds.
    ///
    /// # Errors
    /// When Redis is away or the settings can't be used.
    pub async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        self.connect_patiently(Duration::ZERO).await
    }

    /// The same for commands that block for up to `block`.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_patiently(&self, block: Duration) -> RedisResult<MultiplexedConnection> {
        let mut info = self.url.as_str().into_connection_info()?;
        if let Some(password) = &self.password {
            let redis = info
                .redis_settings()
                .clone()
                .set_password(password.expose_secret());
            info = info.set_redis_settings(redis);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTS_WITHIN))
            .set_response_timeout(Some(ANSWERS_WITHIN + block));
        Client::open(info)?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// A connection that reads streams, with commands that block for up to `block`.
    pub(crate) async fn wire(&self, block: Duration) -> Result<Wire, WireError> {
        Wire::connect(self, ANSWERS_WITHIN + block).await
    }

    /// Whether Redis answers. Reads nothing.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> RedisResult<()> {
        let mut connection = self.connect().await?;
        redis::cmd("PING").query_async(&mut connection).await
    }
}

/// How streams can be read.
fn is_by_tcp(url: &str) -> bool {
    url.into_connection_info()
        .is_ok_and(|info| matches!(info.addr(), ConnectionAddr::Tcp(..)))
}

/// [`check`], once, when Redis first answers: one that is away is no reason not to start.
pub async fn check_when_up(settings: RedisSettings) {
    let patience = ConstantBuilder::default().without_max_times();
    let checked = (|| check(&settings)).retry(patience).await;
    _ = checked.inspect_err(|error| tracing::warn!(%error, "Redis could not be checked"));
}

/// Says what is wrong with the set-up of Redis, once, at start. A wrong set-up is no reason not to
/// serve: nothing is lost by it, but a crash costs more.
///
/// # Errors
/// When Redis does not answer.
pub async fn check(settings: &RedisSettings) -> RedisResult<Vec<String>> {
    let mut connection = settings.connect().await?;
    let mut complaints = Vec::new();
    for (name, expected, consequence) in EXPECTED {
        let found: Vec<String> = redis::cmd("CONFIG")
            .arg("GET")
            .arg(name)
            .query_async(&mut connection)
            .await?;
        let found = found.get(1).map_or("", String::as_str);
        if found != expected {
            complaints.push(format!(
                "{name} is {found:?}, not {expected:?}: {consequence}"
            ));
        }
    }
    for complaint in &complaints {
        tracing::warn!(complaint, "Redis is not set up to carry events");
    }
    metrics::gauge!("messaging_redis_misconfigured").set(if complaints.is_empty() {
        0.0
    } else {
        1.0
    });
    Ok(complaints)
}
