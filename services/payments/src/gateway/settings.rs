//! How Stripe is reached.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ticketing_runtime::Settings;

const STRIPE: &str = "https://api.stripe.com";
const STRIPE_JS: &str = "https://js.stripe.com/v3/";

/// Stripe's account, or the simulator's.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// Where its API is, without a slash at the end.
    pub api_base: String,
    /// The secret key.
    pub key: SecretString,
    /// What it signs webhooks with.
    pub webhook_secret: SecretString,
    /// What browsers show.
    pub publishable_key: String,
    /// Where browsers load its script from.
    pub js: String,
    /// No card is charged.
    pub simulated: bool,
    /// How long it may take to answer a request.
    pub timeout: Duration,
    /// How many requests may wait for its answer at once; more are refused.
    pub concurrency: usize,
}

impl StripeSettings {
    /// Reads `STRIPE_API_BASE`, `STRIPE_KEY`, `STRIPE_WEBHOOK_SECRET`, `STRIPE_PUBLISHABLE_KEY`,
    /// `STRIPE_JS`, `STRIPE_SIMULATED`, `STRIPE_TIMEOUT` and `STRIPE_CONCURRENCY`.
    ///
    /// A live key never goes to anybody but Stripe, and what is not Stripe must say so.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let simulated = settings.or("STRIPE_SIMULATED", false);
        let api_base = settings.or("STRIPE_API_BASE", STRIPE.to_owned());
        let key = settings.secret("STRIPE_KEY");
        let webhook_secret = settings.secret("STRIPE_WEBHOOK_SECRET");
        let publishable_key = settings.required("STRIPE_PUBLISHABLE_KEY");
        let js = settings.or("STRIPE_JS", STRIPE_JS.to_owned());
        let timeout = settings.duration_or("STRIPE_TIMEOUT", Duration::from_secs(10));
        let concurrency = settings.or("STRIPE_CONCURRENCY", 1024);
        if timeout == Some(Duration::ZERO) {
            settings.wrong("STRIPE_TIMEOUT", "must be longer than nothing");
        }
        if concurrency == Some(0) {
            settings.wrong("STRIPE_CONCURRENCY", "at least one is needed");
        }
        let (simulated, api_base, key) = (simulated?, api_base?, key?);
        let api_base = api_base.trim_end_matches('/').to_owned();
        let is_stripe = api_base == STRIPE;
        if is_stripe == simulated {
            settings.wrong(
                "STRIPE_API_BASE",
                "only a simulator is anywhere but at Stripe: STRIPE_SIMULATED says whether it is one",
            );
            return None;
        }
        if simulated && !key.expose_secret().starts_with("sk_test_") {
            settings.wrong(
                "STRIPE_KEY",
                "a simulator gets keys that begin with sk_test_",
            );
            return None;
        }
        Some(Self {
            api_base,
            key,
            webhook_secret: webhook_secret?,
            publishable_key: publishable_key?,
            js: js?,
            simulated,
            timeout: timeout?,
            concurrency: concurrency?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<StripeSettings, String> {
        let secrets = [
            ("STRIPE_WEBHOOK_SECRET", "whsec_x"),
            ("STRIPE_PUBLISHABLE_KEY", "pk_x"),
        ];
        let mut settings = Settings::from_pairs(secrets.into_iter().chain(pairs.iter().copied()));
        let read = StripeSettings::read(&mut settings);
        settings.finish(|| read).map_err(|error| error.to_string())
    }

    const SIM: (&str, &str) = ("STRIPE_API_BASE", "http://127.0.0.1:12111/");

    #[rstest]
    #[case::stripe(&[("STRIPE_KEY", "sk_live_1")], STRIPE)]
    #[case::stripes_test_mode(&[("STRIPE_KEY", "sk_test_1")], STRIPE)]
    #[case::simulator(&[SIM, ("STRIPE_SIMULATED", "true"), ("STRIPE_KEY", "sk_test_1")], "http://127.0.0.1:12111")]
    fn accepted(#[case] pairs: &[(&str, &str)], #[case] base: &str) {
        assert_eq!(read(pairs).unwrap().api_base, base);
    }

    #[rstest]
    #[case::a_simulator_that_does_not_say_so(&[SIM, ("STRIPE_KEY", "sk_test_1")], "STRIPE_API_BASE")]
    #[case::stripe_as_a_simulator(&[("STRIPE_SIMULATED", "true"), ("STRIPE_KEY", "sk_test_1")], "STRIPE_API_BASE")]
    #[case::a_live_key_for_a_simulator(&[SIM, ("STRIPE_SIMULATED", "true"), ("STRIPE_KEY", "sk_live_1")], "STRIPE_KEY")]
    #[case::no_key(&[], "STRIPE_KEY is missing: it is a secret")]
    #[case::no_time(&[("STRIPE_KEY", "sk_test_1"), ("STRIPE_TIMEOUT", "0s")], "STRIPE_TIMEOUT")]
    #[case::nobody_at_once(&[("STRIPE_KEY", "sk_test_1"), ("STRIPE_CONCURRENCY", "0")], "STRIPE_CONCURRENCY")]
    fn refused(#[case] pairs: &[(&str, &str)], #[case] complaint: &str) {
        let error = read(pairs).unwrap_err();
        assert!(error.contains(complaint), "{error}");
        assert!(!error.contains("sk_live_1"), "{error}");
    }
}
