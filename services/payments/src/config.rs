//! payments' settings.

use std::time::Duration;

use ticketing_http::{internal::ServiceToken, server::HttpSettings};
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::DatabaseSettings;
use ticketing_runtime::{
    Settings, consul::ConsulSettings, settings::SettingsError, telemetry::TelemetrySettings,
};

use crate::{SERVICE, gateway::StripeSettings};

/// What `payments serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// Listeners and whom they believe.
    pub http: HttpSettings,
    /// The schema, as the app role.
    pub database: DatabaseSettings,
    /// What carries the events.
    pub redis: RedisSettings,
    /// Where auth and orders are.
    pub consul: ConsulSettings,
    /// What is shown to orders.
    pub token: ServiceToken,
    /// Who charges.
    pub stripe: StripeSettings,
    /// The name of this instance: the same when it is started again.
    pub instance: String,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

/// What `payments migrate`, `resync` and `dlq` need.
#[derive(Debug)]
pub struct Task {
    /// The schema: as its owner to migrate it, else as the app role.
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

    /// Reads the given settings; see the fields for their meaning and `nomad/payments.nomad.hcl` for
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
        let stripe = StripeSettings::read(&mut settings);
        let instance = settings.required("INSTANCE");
        let telemetry = TelemetrySettings::read(&mut settings);
        let shutdown_deadline = settings.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(30));
        settings.finish(|| {
            Some(Self {
                http: http?,
                database: database?,
                redis: redis?,
                consul: consul?,
                token: token?,
                stripe: stripe?,
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
            "STRIPE_KEY",
            "STRIPE_WEBHOOK_SECRET",
        ] {
            assert!(
                error.contains(&format!("{name} is missing: it is a secret")),
                "{error}"
            );
        }
        for name in [
            "HTTP_ADDRESS",
            "REDIS_URL",
            "INSTANCE",
            "STRIPE_PUBLISHABLE_KEY",
        ] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }
}
