//! fsck's settings.

use std::{fmt, str::FromStr, time::Duration};

use secrecy::SecretString;
use ticketing_messaging::connection::RedisSettings;
use ticketing_postgres::DatabaseSettings;
use ticketing_runtime::{Settings, settings::SettingsError};

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, as the role that may read every schema.
    pub database: DatabaseSettings,
    /// Streams and deadlines.
    pub redis: RedisSettings,
    /// Whose tables are where.
    pub schemas: Schemas,
    /// What counts as stuck.
    pub bounds: Bounds,
    /// Who charges, where payments are simulated.
    pub simulator: Option<Simulator>,
}

/// The payment simulator.
#[derive(Debug, Clone)]
pub struct Simulator {
    /// Its URL, with the prefix if it has one.
    pub url: String,
    /// The secret key that it accepts.
    pub key: SecretString,
}

/// The services' schemas.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// Of orders.
    pub orders: Schema,
    /// Of tickets.
    pub tickets: Schema,
    /// Of payments.
    pub payments: Schema,
}

/// The name of a schema. It can stand in SQL as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema(String);

/// How long things may take before they count as stuck.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// An outbox row, to be published.
    pub outbox: Duration,
    /// A stream's entry, to be acknowledged by who was given it.
    pub pending: Duration,
    /// An order whose time is over, to be cancelled.
    pub overdue: Duration,
    /// An attempt to pay, to have an outcome.
    pub attempt: Duration,
    /// A payment that came too late, for Stripe to be asked to give it back.
    pub refund: Duration,
    /// What was acknowledged is looked for in the inbox, back to here.
    pub inbox: Duration,
}

impl Config {
    /// Reads the environment. `simulator` is the payment simulator's URL.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn from_env(simulator: Option<String>) -> Result<Self, SettingsError> {
        Self::read(Settings::from_env(), simulator)
    }

    /// Reads `DATABASE_*`, `REDIS_*`, `ORDERS_SCHEMA`, `TICKETS_SCHEMA`, `PAYMENTS_SCHEMA`,
    /// `OUTBOX_BOUND`, `PENDING_BOUND`, `OVERDUE_BOUND`, `ATTEMPT_BOUND`, `REFUND_BOUND` and
    /// `INBOX_WINDOW`; for a simulator, `STRIPE_KEY`.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings, simulator: Option<String>) -> Result<Self, SettingsError> {
        // Nothing is on its search path: every table is named with its schema.
        let database = DatabaseSettings::read(&mut settings, "fsck");
        let redis = RedisSettings::read(&mut settings);
        let mut schema = |name, default: &str| settings.or(name, Schema(default.to_owned()));
        let (orders, tickets, payments) = (
            schema("ORDERS_SCHEMA", "orders"),
            schema("TICKETS_SCHEMA", "tickets"),
            schema("PAYMENTS_SCHEMA", "payments"),
        );
        let default = Bounds::default();
        let outbox = settings.duration_or("OUTBOX_BOUND", default.outbox);
        let pending = settings.duration_or("PENDING_BOUND", default.pending);
        let overdue = settings.duration_or("OVERDUE_BOUND", default.overdue);
        let attempt = settings.duration_or("ATTEMPT_BOUND", default.attempt);
        let refund = settings.duration_or("REFUND_BOUND", default.refund);
        let inbox = settings.duration_or("INBOX_WINDOW", default.inbox);
        let simulator = simulator.map(|url| (url, settings.secret("STRIPE_KEY")));
        settings.finish(|| {
            Some(Self {
                database: database?,
                redis: redis?,
                schemas: Schemas {
                    orders: orders?,
                    tickets: tickets?,
                    payments: payments?,
                },
                bounds: Bounds {
                    outbox: outbox?,
                    pending: pending?,
                    overdue: overdue?,
                    attempt: attempt?,
                    refund: refund?,
                    inbox: inbox?,
                },
                simulator: match simulator {
                    Some((url, key)) => Some(Simulator { url, key: key? }),
                    None => None,
                },
            })
        })
    }
}

impl Default for Bounds {
    fn default() -> Self {
        let ten_seconds = Duration::from_secs(10);
        Self {
            outbox: ten_seconds,
            pending: ten_seconds,
            overdue: ten_seconds,
            // Stripe may hang, and be asked again.
            attempt: Duration::from_secs(120),
            refund: Duration::from_secs(30),
            inbox: Duration::from_secs(3600),
        }
    }
}

impl FromStr for Schema {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !text.is_empty() && text.chars().all(is_fine) {
            Ok(Self(text.to_owned()))
        } else {
            Err("not the name of a schema: lower-case letters, digits and _")
        }
    }
}

impl fmt::Display for Schema {
    /// In quotes, as SQL has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("orders", true)]
    #[case("test_12", true)]
    #[case("", false)]
    #[case("Orders", false)]
    #[case("a\"; DROP", false)]
    fn schemas(#[case] name: &str, #[case] fine: bool) {
        assert_eq!(name.parse::<Schema>().is_ok(), fine);
    }

    #[test]
    fn a_start_without_settings_names_each_of_them() {
        let none = Settings::from_pairs::<&str, &str>([]);
        let simulator = Some("http://127.0.0.1:1".to_owned());
        let error = Config::read(none, simulator).unwrap_err().to_string();
        for name in [
            "DATABASE_HOST",
            "DATABASE_USER",
            "DATABASE_PASSWORD",
            "REDIS_URL",
            "REDIS_PASSWORD",
            "STRIPE_KEY",
        ] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }
}
