//! Ids of Stripe's form: a prefix that tells the kind, and letters and digits that nobody guesses.

use rand::distr::{Alphanumeric, SampleString};

/// As many as Stripe's.
const LENGTH: usize = 24;

/// A new id: `pi_3MtwBwLkdIwHu7ix28a3tqPa` for the prefix `pi`.
#[must_use]
pub fn new(prefix: &str) -> String {
    format!("{prefix}_{}", random())
}

/// The client secret of a `PaymentIntent`: its id is a part of it.
#[must_use]
pub fn client_secret(intent: &str) -> String {
    format!("{intent}_secret_{}", random())
}

fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), LENGTH)
}
