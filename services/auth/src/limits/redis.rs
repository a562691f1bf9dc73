//! Counters that all instances share.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use deadpool_redis::{Manager, Pool, Runtime, redis::Script};
use redis::{AsyncConnectionConfig, IntoConnectionInfo};
use secrecy::{ExposeSecret, SecretString};
use ticketing_runtime::Settings;
use tokio::time::timeout;

use super::Quota;

/// After a failure Redis is left alone for this long, so that not every sign-in waits for it.
const PAUSE: Duration = Duration::from_secs(1);

/// What a probe is given to answer.
const PROBE: Duration = Duration::from_secs(1);

/// Connections; a count takes a fraction of a millisecond.
const CONNECTIONS: usize = 8;

/// The generic cell rate algorithm, on Redis' clock. Answers the microseconds to wait, 0 for none.
///
/// The key holds the *theoretical arrival time*: when the attempts made so far would have been due
/// at an even rate. An attempt passes when that is less than a burst ahead of now.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local arrival = tonumber(redis.call('GET', KEYS[1])) or now
if arrival < now then arrival = now end
local wait = arrival + interval - interval * burst - now
if wait > 0 then return wait end
arrival = arrival + interval
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return 0
",
    )
});

/// Which Redis, and where in it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://host:port`, without a password.
    pub url: String,
    /// The password; `None` only for tests' own servers.
    pub password: Option<SecretString>,
    /// What every key begins with.
    pub prefix: String,
    /// A sign-in does not wait longer than this for its count.
    pub patience: Duration,
}

impl RedisSettings {
    /// Reads `REDIS_URL`, `REDIS_PASSWORD`, `REDIS_PREFIX` and `REDIS_PATIENCE`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let url = settings.required::<String>("REDIS_URL");
        let password = settings.secret("REDIS_PASSWORD");
        let prefix = settings.or("REDIS_PREFIX", "auth:".to_owned());
        let patience = settings.duration_or("REDIS_PATIENCE", Duration::from_millis(250));
        if url
            .as_deref()
            .is_some_and(|url| url.into_connection_info().is_err())
        {
            settings.wrong("REDIS_URL", "not a URL such as redis://127.0.0.1:6379");
        }
        Some(Self {
            url: url?,
            password: Some(password?),
            prefix: prefix?,
            patience: patience?,
        })
    }
}

/// Counters in Redis. Cheap to clone.
#[derive(Clone)]
pub struct SharedCounters {
    pool: Pool,
    prefix: Arc<str>,
    patience: Duration,
    started: Instant,
    /// Until when Redis is left alone, in milliseconds since `started`.
    paused_until: Arc<AtomicU64>,
}

impl SharedCounters {
    /// Connects when first used.
    ///
    /// # Errors
    /// When the settings can't be used.
    pub fn new(settings: &RedisSettings) -> anyhow::Result<Self> {
        let mut info = settings
            .url
            .as_str()
            .into_connection_info()
            .context("REDIS_URL")?;
        if let Some(password) = &settings.password {
            let redis = info
                .redis_settings()
                .clone()
                .set_password(password.expose_secret());
            info = info.set_redis_settings(redis);
        }
        // Above the patience, which would not be what it says otherwise.
        let limit = Some(settings.patience.max(PROBE));
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(limit)
            .set_response_timeout(limit);
        let pool = Pool::builder(Manager::new_with_config(info, limits)?);
        Ok(Self {
            pool: pool
                .max_size(CONNECTIONS)
                .runtime(Runtime::Tokio1)
                .build()?,
            prefix: settings.prefix.as_str().into(),
            patience: settings.patience,
            started: Instant::now(),
            paused_until: Arc::default(),
        })
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> anyhow::Result<()> {
        let mut connection = self.pool.get().await?;
        Ok(redis::cmd("PING").query_async(&mut connection).await?)
    }

    /// `Some(None)` when the attempt may be made, `Some(Some(wait))` when not, `None` when Redis is
    /// away.
    pub(super) async fn count(&self, key: &str, quota: Quota) -> Option<Option<Duration>> {
        if self.now() < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        let error = match timeout(self.patience, self.ask(key, quota)).await {
            Ok(Ok(0)) => return Some(None),
            Ok(Ok(wait)) => return Some(Some(Duration::from_micros(wait))),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(
            error,
            "Redis is away; attempts are counted by this instance alone"
        );
        self.paused_until
            .store(self.now() + millis(PAUSE), Ordering::Relaxed);
        None
    }

    async fn ask(&self, key: &str, quota: Quota) -> anyhow::Result<u64> {
        let mut connection = self.pool.get().await?;
        let interval = u64::try_from(quota.interval().as_micros())?;
        let wait = COUNT
            .key(format!("{}{key}", self.prefix))
            .arg(interval)
            .arg(quota.burst().get())
            .invoke_async(&mut connection)
            .await?;
        Ok(wait)
    }

    fn now(&self) -> u64 {
        millis(self.started.elapsed())
    }
}

impl std::fmt::Debug for SharedCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedCounters")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
