//! expiration's settings.

use std::time::Duration;

use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{Settings, settings::SettingsError, telemetry::TelemetrySettings};

/// The most that one script takes: it blocks Redis for some milliseconds.
const BATCH: usize = 500;

/// What `expiration serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// `ip:port` of the admin port, the only one there is.
    pub admin_address: String,
    /// Streams and deadlines.
    pub redis: RedisSettings,
    /// The consumer's name: no other instance has it, and a restarted one has it again.
    pub instance: String,
    /// The most deadlines that are published at once.
    pub batch: usize,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

impl Serve {
    /// Reads the environment.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Settings::from_env())
    }

    /// Reads `ADMIN_ADDRESS`, `REDIS_URL`, `REDIS_PASSWORD`, `REDIS_PREFIX`, `INSTANCE`,
    /// `EXPIRATION_BATCH`, `SHUTDOWN_DEADLINE`, and what telemetry reads.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings) -> Result<Self, SettingsError> {
        let admin_address = settings.required("ADMIN_ADDRESS");
        let redis = RedisSettings::read(&mut settings);
        let instance = settings.required("INSTANCE");
        let batch = settings.or("EXPIRATION_BATCH", BATCH);
        if batch == Some(0) {
            settings.wrong("EXPIRATION_BATCH", "at least one is needed");
        }
        let telemetry = TelemetrySettings::read(&mut settings);
        let shutdown_deadline = settings.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(20));
        settings.finish(|| {
            Some(Self {
                admin_address: admin_address?,
                redis: redis?,
                instance: instance?,
                batch: batch?,
                telemetry: telemetry?,
                shutdown_deadline: shutdown_deadline?,
            })
        })
    }
}

/// What `expiration dlq` needs.
///
/// # Errors
/// With everything that is missing or wrong.
pub fn redis_from_env() -> Result<RedisSettings, SettingsError> {
    let mut settings = Settings::from_env();
    let redis = RedisSettings::read(&mut settings);
    settings.finish(|| redis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_without_settings_names_each_of_them() {
        let none = Settings::from_pairs::<&str, &str>([]);
        let error = Serve::read(none).unwrap_err().to_string();
        for name in ["ADMIN_ADDRESS", "REDIS_URL", "REDIS_PASSWORD", "INSTANCE"] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }

    #[test]
    fn nothing_at_a_time_is_no_batch() {
        let zero = Settings::from_pairs([("EXPIRATION_BATCH", "0")]);
        let error = Serve::read(zero).unwrap_err().to_string();
        assert!(error.contains("EXPIRATION_BATCH"), "{error}");
    }
}
