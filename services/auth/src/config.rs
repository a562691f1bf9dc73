//! auth's settings.

use std::{str::FromStr, time::Duration};

use ticketing_http::server::HttpSettings;
use ticketing_postgres::DatabaseSettings;
use ticketing_runtime::{Settings, settings::SettingsError, telemetry::TelemetrySettings};

use crate::{
    SERVICE,
    domain::session::SigningKeys,
    limits::{Quota, RedisSettings},
};

/// What `auth serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// Listeners and whom they believe.
    pub http: HttpSettings,
    /// The schema, as the app role.
    pub database: DatabaseSettings,
    /// Where attempts are counted.
    pub redis: RedisSettings,
    /// The keys that sessions are signed with.
    pub keys: SigningKeys,
    /// How often one may try.
    pub quotas: Quotas,
    /// Password hashing.
    pub hashing: Hashing,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

/// How often one may try, each `count/period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Sign-ins to one account, from anywhere.
    pub sign_in_per_account: Quota,
    /// Sign-ins from one address, to any account.
    pub sign_in_per_address: Quota,
    /// Sign-ups from one address.
    pub sign_up_per_address: Quota,
}

/// How much hashing at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// Threads that hash; each keeps 19 MiB.
    pub threads: usize,
    /// Requests that may wait for one. More are answered 503.
    pub queue: usize,
}

/// What `auth migrate` needs.
#[derive(Debug)]
pub struct Migrate {
    /// The schema, as its owner.
    pub database: DatabaseSettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
}

impl Serve {
    /// Reads the environment.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Settings::from_env())
    }

    /// Reads the given settings; see the fields for their meaning and `nomad/auth.nomad.hcl` for
    /// their names.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings) -> Result<Self, SettingsError> {
        let http = HttpSettings::read(&mut settings);
        let database = DatabaseSettings::read(&mut settings, SERVICE);
        let redis = RedisSettings::read(&mut settings);
        let keys = SigningKeys::read(&mut settings);
        let quotas = Quotas::read(&mut settings);
        let hashing = Hashing::read(&mut settings);
        let telemetry = TelemetrySettings::read(&mut settings);
        let shutdown_deadline = settings.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(20));
        settings.finish(|| {
            Some(Self {
                http: http?,
                database: database?,
                redis: redis?,
                keys: keys?,
                quotas: quotas?,
                hashing: hashing?,
                telemetry: telemetry?,
                shutdown_deadline: shutdown_deadline?,
            })
        })
    }
}

impl Quotas {
    fn read(settings: &mut Settings) -> Option<Self> {
        let default = |text| Quota::from_str(text).ok();
        let mut quota = |name, text| default(text).and_then(|quota| settings.or(name, quota));
        let sign_in_per_account = quota("SIGNIN_PER_ACCOUNT", "10/5m");
        let sign_in_per_address = quota("SIGNIN_PER_ADDRESS", "100/5m");
        let sign_up_per_address = quota("SIGNUP_PER_ADDRESS", "20/1h");
        Some(Self {
            sign_in_per_account: sign_in_per_account?,
            sign_in_per_address: sign_in_per_address?,
            sign_up_per_address: sign_up_per_address?,
        })
    }
}

impl Hashing {
    /// Reads `HASHING_THREADS` (by default one per core) and `HASHING_QUEUE`.
    fn read(settings: &mut Settings) -> Option<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = settings.or("HASHING_THREADS", cores);
        let queue = settings.or("HASHING_QUEUE", 64);
        if threads == Some(0) {
            settings.wrong("HASHING_THREADS", "at least one is needed");
        }
        Some(Self {
            threads: threads?,
            queue: queue?,
        })
    }
}

impl Migrate {
    /// Reads the environment.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn from_env() -> Result<Self, SettingsError> {
        let mut settings = Settings::from_env();
        let database = DatabaseSettings::read(&mut settings, SERVICE);
        let telemetry = TelemetrySettings::read(&mut settings);
        settings.finish(|| {
            Some(Self {
                database: database?,
                telemetry: telemetry?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_without_secrets_names_each_of_them() {
        let error = Serve::read(Settings::from_pairs::<&str, &str>([]))
            .unwrap_err()
            .to_string();
        for name in [
            "DATABASE_PASSWORD",
            "REDIS_PASSWORD",
            "SESSION_KEYS",
            "FORWARDED_TOKEN",
        ] {
            assert!(
                error.contains(&format!("{name} is missing: it is a secret")),
                "{error}"
            );
        }
        for name in [
            "HTTP_ADDRESS",
            "ADMIN_ADDRESS",
            "DATABASE_HOST",
            "DATABASE_USER",
            "REDIS_URL",
        ] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }
}
