//! The service's settings.

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

use crate::{SERVICE, domain::Rules, reservation};

/// What `orders serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// Listeners and whom they believe.
    pub http: HttpSettings,
    /// The schema, as the app role.
    pub database: DatabaseSettings,
    /// What carries the events.
    pub redis: RedisSettings,
    /// Where auth and tickets are.
    pub consul: ConsulSettings,
    /// What is shown to tickets.
    pub token: ServiceToken,
    /// Who may ask on the admin port.
    pub callers: Callers,
    /// How long things are kept, and how many may wait.
    pub reservation: reservation::Settings,
    /// The name of this instance among the consumers: the same when it is started again.
    pub instance: String,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

/// What `orders migrate`, `resync` and `dlq` need.
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

    /// Reads the given settings; see the fields for their meaning and `nomad/orders.nomad.hcl` for
    /// their names.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings) -> Result<Self, SettingsError> {
        let http = HttpSettings::read(&mut settings);
        let database = DatabaseSettings::read(&mut settings, SERVICE);
        let redis = RedisSettings::read(&mut settings);
        let consul = ConsulSettings::read(&mut settings, &["auth", "tickets-admin"]);
        let token = ServiceToken::read(&mut settings);
        let callers = Callers::read(&mut settings, &["tickets", "payments"]);
        let reservation = reservation(&mut settings);
        let instance = settings.required("INSTANCE");
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
                reservation: reservation?,
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

/// Reads `HOLD`, `LEASE`, `LEASE_BY_HAND`, `LEASE_CAP`, `RESERVATION_QUEUE` and `RESERVATION_BATCH`.
fn reservation(settings: &mut Settings) -> Option<reservation::Settings> {
    let default = reservation::Settings::default();
    let rules = rules(settings, default.manner.rules);
    let queue = settings.or("RESERVATION_QUEUE", default.queue);
    let batch = settings.or("RESERVATION_BATCH", default.batch);
    for (name, value) in [("RESERVATION_QUEUE", queue), ("RESERVATION_BATCH", batch)] {
        if value == Some(0) {
            settings.wrong(name, "at least one is needed");
        }
    }
    Some(reservation::Settings {
        manner: rules?.into(),
        queue: queue?,
        batch: batch?,
    })
}

fn rules(settings: &mut Settings, default: Rules) -> Option<Rules> {
    let mut length = |name, default| {
        let length = settings.duration_or(name, default);
        if length == Some(Duration::ZERO) {
            settings.wrong(name, "must be longer than nothing");
        }
        length
    };
    let hold = length("HOLD", default.hold);
    let lease = length("LEASE", default.lease);
    let lease_by_hand = length("LEASE_BY_HAND", default.lease_by_hand);
    let lease_cap = length("LEASE_CAP", default.lease_cap);
    Some(Rules {
        hold: hold?,
        lease: lease?,
        lease_by_hand: lease_by_hand?,
        lease_cap: lease_cap?,
    })
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
            "FORWARDED_TOKEN",
            "SERVICE_TOKEN",
            "TICKETS_TOKEN",
            "PAYMENTS_TOKEN",
        ] {
            assert!(
                error.contains(&format!("{name} is missing: it is a secret")),
                "{error}"
            );
        }
        for name in ["HTTP_ADDRESS", "DATABASE_HOST", "REDIS_URL", "INSTANCE"] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }

    #[test]
    fn what_would_hold_nothing_is_refused() {
        let pairs = [("HOLD", "0s"), ("LEASE", "1"), ("RESERVATION_BATCH", "0")];
        let mut settings = Settings::from_pairs(pairs);
        let read = reservation(&mut settings);
        let error = settings.finish(|| read).unwrap_err().to_string();
        for (name, _) in pairs {
            assert!(error.contains(name), "{error}");
        }
    }
}
