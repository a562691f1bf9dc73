//! The simulator's settings.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use ticketing_runtime::{
    Settings as Environment, settings::SettingsError, telemetry::TelemetrySettings,
};

/// What an account at Stripe has.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What callers show (`sk_test_…`).
    pub key: SecretString,
    /// What browsers show (`pk_test_…`).
    pub publishable_key: String,
    /// What webhooks are signed with.
    pub webhook_secret: SecretString,
    /// Where webhooks go, if anywhere.
    pub webhook_url: Option<String>,
    /// The folder of the journal. Without it everything is forgotten at the end.
    pub data: Option<PathBuf>,
    /// The path under which browsers reach the simulator; callers reach it without.
    pub prefix: String,
}

impl Default for Settings {
    /// For tests: nothing is kept, no webhooks are sent.
    fn default() -> Self {
        Self {
            key: "sk_test_simulated".to_owned().into(),
            publishable_key: "pk_test_simulated".into(),
            webhook_secret: "whsec_simulated".to_owned().into(),
            webhook_url: None,
            data: None,
            prefix: "/stripe-sim".into(),
        }
    }
}

/// What `stripe-sim serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// `ip:port` to listen on.
    pub address: String,
    /// Threads that serve requests.
    pub workers: NonZeroUsize,
    /// The account.
    pub account: Settings,
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
        Self::read(Environment::from_env())
    }

    /// Reads `HTTP_ADDRESS`, `HTTP_WORKERS`, `SHUTDOWN_DEADLINE`, what [`Settings::read`] and what
    /// telemetry reads.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut environment: Environment) -> Result<Self, SettingsError> {
        let address = environment.required("HTTP_ADDRESS");
        let workers = environment.or("HTTP_WORKERS", NonZeroUsize::MIN);
        let account = Settings::read(&mut environment);
        let telemetry = TelemetrySettings::read(&mut environment);
        let shutdown_deadline =
            environment.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(5));
        environment.finish(|| {
            Some(Self {
                address: address?,
                workers: workers?,
                account: account?,
                telemetry: telemetry?,
                shutdown_deadline: shutdown_deadline?,
            })
        })
    }
}

impl Settings {
    /// Reads `STRIPE_KEY`, `STRIPE_PUBLISHABLE_KEY`, `STRIPE_WEBHOOK_SECRET`, `STRIPE_WEBHOOK_URL`,
    /// `STRIPE_SIM_DATA` and `STRIPE_SIM_PREFIX`. A live key is refused: it is Stripe's alone to know.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        let key = environment.secret("STRIPE_KEY");
        let publishable_key: Option<String> = environment.required("STRIPE_PUBLISHABLE_KEY");
        let webhook_secret = environment.secret("STRIPE_WEBHOOK_SECRET");
        let webhook_url = environment.optional::<String>("STRIPE_WEBHOOK_URL");
        let data = environment.optional("STRIPE_SIM_DATA");
        let prefix: Option<String> = environment.or("STRIPE_SIM_PREFIX", String::new());
        let live = |key: &SecretString| !key.expose_secret().starts_with("sk_test_");
        if key.as_ref().is_some_and(live) {
            environment.wrong(
                "STRIPE_KEY",
                "a simulator takes test keys alone (sk_test_…)",
            );
        }
        if publishable_key
            .as_ref()
            .is_some_and(|key| !key.starts_with("pk_test_"))
        {
            let why = "a simulator takes test keys alone (pk_test_…)";
            environment.wrong("STRIPE_PUBLISHABLE_KEY", why);
        }
        if let Some(Some(Err(error))) = webhook_url
            .as_ref()
            .map(|url| url.as_deref().map(reqwest::Url::parse))
        {
            environment.wrong("STRIPE_WEBHOOK_URL", error);
        }
        let prefix = prefix?.trim_end_matches('/').to_owned();
        if !prefix.is_empty() && !prefix.starts_with('/') {
            environment.wrong("STRIPE_SIM_PREFIX", "a path begins with a slash");
        }
        Some(Self {
            key: key?,
            publishable_key: publishable_key?,
            webhook_secret: webhook_secret?,
            webhook_url: webhook_url?,
            data: data?,
            prefix,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("HTTP_ADDRESS", "127.0.0.1:0"),
        ("STRIPE_KEY", "sk_test_1"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_1"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1"),
    ];

    fn read(change: (&str, &str)) -> Result<Serve, SettingsError> {
        let pairs = GOOD.into_iter().chain([change]);
        Serve::read(Environment::from_pairs(pairs))
    }

    #[test]
    fn a_start_without_settings_names_each_of_them() {
        let none = Environment::from_pairs::<&str, &str>([]);
        let error = Serve::read(none).unwrap_err().to_string();
        for (name, _) in GOOD {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }

    #[rstest]
    #[case(("STRIPE_KEY", "sk_live_1"))]
    #[case(("STRIPE_PUBLISHABLE_KEY", "pk_live_1"))]
    #[case(("STRIPE_WEBHOOK_URL", "nowhere"))]
    #[case(("STRIPE_SIM_PREFIX", "stripe-sim"))]
    #[case(("HTTP_WORKERS", "0"))]
    fn wrong_settings(#[case] change: (&str, &str)) {
        let error = read(change).unwrap_err().to_string();
        assert!(error.contains(change.0), "{error}");
        assert!(!error.contains("_live_1"), "{error}");
    }

    #[test]
    fn the_prefix_has_no_slash_at_its_end() {
        let serve = read(("STRIPE_SIM_PREFIX", "/stripe-sim/")).unwrap();
        assert_eq!(serve.account.prefix, "/stripe-sim");
        assert_eq!(read(("A", "b")).unwrap().account.prefix, "");
    }
}
