//! tickets' settings.

use std::time::Duration;

use ticketing_http::{
    internal::{Callers, ServiceToken},
    server::HttpSettings,
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::DatabaseSettings;
use ticketing_runtime::{
    Settings, consul::ConsulSettings, settings::SettingsError, telemetry::TelemetrySettings,
};

use crate::SERVICE;

/// What `tickets serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// Listeners and whom they believe.
    pub http: HttpSettings,
    /// The schema, as the app role.
    pub database: DatabaseSettings,
    /// Where events are carried.
    pub redis: RedisSettings,
    /// Where auth and orders are found.
    pub consul: ConsulSettings,
    /// What orders is shown.
    pub token: ServiceToken,
    /// Who may call the internal routes.
    pub callers: Callers,
    /// This instance among the others: Nomad's allocation.
    pub instance: String,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

/// What `tickets migrate`, `resync` and `dlq` need.
#[derive(Debug)]
pub struct Task {
    /// The schema: as its owner for `migrate`, as the app role otherwise.
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

    /// Reads the given settings; see the fields for their meaning and `nomad/tickets.nomad.hcl` for
    /// their names.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings) -> Result<Self, SettingsError> {
        let http = HttpSettings::read(&mut settings);
        let database = DatabaseSettings::read(&mut settings, SERVICE);
        let redis = RedisSettings::read(&mut settings);
        let consul = ConsulSettings::read(&mut settings, &["auth", "orders-admin"]);
        let token = ServiceToken::read(&mut settings);
        let callers = Callers::read(&mut settings, &["orders"]);
        let instance = settings.or("INSTANCE", this_process());
        let telemetry = TelemetrySettings::read(&mut settings);
        let shutdown_deadline = settings.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(20));
        settings.finish(|| {
            Some(Self {
                http: http?,
                database: database?,
                redis: redis?,
                consul: consul?,
                token: token?,
                callers: callers?,
                instance: instance?,
                telemetry: telemetry?,
                shutdown_deadline: shutdown_deadline?,
            })
        })
    }
}

impl Task {
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

/// A name for a process started by hand: no other that runs has it.
fn this_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_without_settings_names_each_of_them() {
        let error = Serve::read(Settings::from_pairs::<&str, &str>([]))
            .unwrap_err()
            .to_string();
        for name in [
            "DATABASE_PASSWORD",
            "REDIS_PASSWORD",
            "FORWARDED_TOKEN",
            "SERVICE_TOKEN",
            "ORDERS_TOKEN",
        ] {
            let complaint = format!("{name} is missing: it is a secret");
            assert!(error.contains(&complaint), "{error}");
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
        assert!(
            !error.contains("INSTANCE") && !error.contains("CONSUL"),
            "{error}"
        );
    }
}
