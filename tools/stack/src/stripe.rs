//! Who takes the payments: Stripe, by the keys of an account's test mode, or the simulator.

use std::fmt;

use anyhow::{Result, bail, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

const SECRET: &str = "STRIPE_KEY";
const PUBLISHABLE: &str = "STRIPE_PUBLISHABLE_KEY";
const WEBHOOK: &str = "STRIPE_WEBHOOK_SECRET";

/// The settings of [`StripeKeys`]: whoever sets them means Stripe itself.
pub const SETTINGS: [&str; 3] = [SECRET, PUBLISHABLE, WEBHOOK];

/// What an account at Stripe, or the simulator, is used with. It is no `Debug`, so that none can end up
/// in a log.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeKeys {
    /// Asks for everything (`sk_test_…`).
    pub secret: String,
    /// What browsers show (`pk_test_…`).
    pub publishable: String,
    /// What webhooks are signed with (`whsec_…`).
    pub webhook_secret: String,
}

impl StripeKeys {
    /// New ones, for a simulator.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            secret: random("sk_test_"),
            publishable: random("pk_test_"),
            webhook_secret: random("whsec_"),
        }
    }

    /// Those of a Stripe account, when `environment` has them; an empty value counts as absent.
    ///
    /// # Errors
    /// When some are missing, or one is no key of a test mode: a local stack charges nobody. The error
    /// names the setting and never the value.
    pub fn given(environment: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let value = |setting| environment(setting).filter(|value| !value.is_empty());
        let [Some(secret), Some(publishable), Some(webhook_secret)] = SETTINGS.map(value) else {
            let missing: Vec<_> = SETTINGS
                .into_iter()
                .filter(|setting| value(setting).is_none())
                .collect();
            ensure!(
                missing.len() == SETTINGS.len(),
                "payments by Stripe need all of {}; missing: {}. Without any of them payments are \
                 simulated",
                SETTINGS.join(", "),
                missing.join(", ")
            );
            return Ok(None);
        };
        of_test_mode(SECRET, &secret, &["sk_test_", "rk_test_"])?;
        of_test_mode(PUBLISHABLE, &publishable, &["pk_test_"])?;
        of_test_mode(WEBHOOK, &webhook_secret, &["whsec_"])?;
        Ok(Some(Self {
            secret,
            publishable,
            webhook_secret,
        }))
    }
}

fn of_test_mode(setting: &str, value: &str, prefixes: &[&str]) -> Result<()> {
    ensure!(
        !value.contains("_live_"),
        "{setting} is a live key: a local stack must not charge real cards. Use the account's test mode"
    );
    if prefixes.iter().any(|prefix| value.starts_with(prefix)) {
        return Ok(());
    }
    bail!("{setting} must begin with {}", prefixes.join(" or "))
}

/// As long as Stripe's, in the characters of theirs.
fn random(prefix: &str) -> String {
    let random = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
    format!("{prefix}{}", random.replace(['-', '_'], "x"))
}

/// Who takes the payments, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payments {
    /// The simulator.
    Simulated,
    /// Stripe's test mode.
    ByStripe,
}

impl Payments {
    /// Whether the simulator is a part of the stack.
    #[must_use]
    pub fn are_simulated(self) -> bool {
        self == Self::Simulated
    }
}

impl fmt::Display for Payments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simulated => {
                "Payments are simulated: no card is charged. Test card 4242 4242 4242 4242, any date to \
                 come, any CVC."
            }
            Self::ByStripe => {
                "Payments go to Stripe's test mode. Its webhooks reach this machine by \
                 `stripe listen --forward-to`."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GIVEN: [(&str, &str); 3] = [
        (SECRET, "sk_test_1"),
        (PUBLISHABLE, "pk_test_1"),
        (WEBHOOK, "whsec_1"),
    ];

    /// All three, with one set otherwise.
    fn given(setting: &str, value: &str) -> Result<Option<StripeKeys>> {
        StripeKeys::given(|name| {
            let all = GIVEN.iter().find(|(known, _)| *known == name);
            let usual = all.map(|(_, value)| (*value).to_owned());
            (if name == setting {
                Some(value.to_owned())
            } else {
                usual
            })
            .filter(|v| v != "unset")
        })
    }

    #[test]
    fn all_three_or_none() {
        let keys = given("", "").expect("keys").expect("some");
        assert!(keys.secret == "sk_test_1" && keys.publishable == "pk_test_1");
        assert!(StripeKeys::given(|_| None).expect("none").is_none());
        assert!(
            StripeKeys::given(|_| Some(String::new()))
                .expect("none")
                .is_none()
        );
    }

    #[rstest]
    #[case::no_webhook_secret(WEBHOOK, "unset", "missing: STRIPE_WEBHOOK_SECRET.")]
    #[case::empty(PUBLISHABLE, "", "missing: STRIPE_PUBLISHABLE_KEY.")]
    #[case::live(SECRET, "sk_live_1", "STRIPE_KEY is a live key")]
    #[case::live_and_restricted(SECRET, "rk_live_1", "STRIPE_KEY is a live key")]
    #[case::live_in_browsers(PUBLISHABLE, "pk_live_1", "STRIPE_PUBLISHABLE_KEY is a live key")]
    #[case::swapped(SECRET, "pk_test_1", "STRIPE_KEY must begin with sk_test_ or rk_test_")]
    #[case::no_secret(WEBHOOK, "we_1", "STRIPE_WEBHOOK_SECRET must begin with whsec_")]
    fn what_is_wrong_is_named_without_the_value(
        #[case] setting: &str,
        #[case] value: &str,
        #[case] told: &str,
    ) {
        let error = given(setting, value).err().expect("an error").to_string();
        assert!(error.contains(told), "{error}");
        assert!(
            value.is_empty() || value == "unset" || !error.contains(value),
            "{error}"
        );
    }

    #[test]
    fn a_simulators_keys_are_of_a_test_mode_and_its_own() {
        let keys = StripeKeys::generate();
        let by_setting = |name: &str| {
            Some(match name {
                SECRET => keys.secret.clone(),
                PUBLISHABLE => keys.publishable.clone(),
                _ => keys.webhook_secret.clone(),
            })
        };
        assert!(StripeKeys::given(by_setting).expect("keys") == Some(keys));
        assert!(StripeKeys::generate().secret != StripeKeys::generate().secret);
    }
}
