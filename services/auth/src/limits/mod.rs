//! How often somebody may try: counted in Redis, for all instances together, and locally while
//! Redis is away, so that its absence opens no door.
//!
//! Both sides use the generic cell rate algorithm (ITU-T I.371), so that an attempt means the same
//! on either.

mod local;
mod quota;
mod redis;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use self::local::LocalCounters;
pub use self::{
    quota::Quota,
    redis::{RedisSettings, SharedCounters},
};
use crate::error::Error;

/// What is counted, and how much of it is too much.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Part of the key.
    pub name: &'static str,
    /// The most.
    pub quota: Quota,
}

/// Counts attempts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Attempts {
    shared: SharedCounters,
    local: LocalCounters,
}

impl Attempts {
    /// Counts in `shared`, and in this process while that is away.
    #[must_use]
    pub fn new(shared: SharedCounters) -> Self {
        Self {
            shared,
            local: LocalCounters::default(),
        }
    }

    /// Counts an attempt by `who`.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] with the time to wait.
    pub async fn count(&self, limit: Limit, who: &str) -> Result<(), Error> {
        let key = key(limit.name, who);
        let wait = match self.shared.count(&key, limit.quota).await {
            Some(answer) => answer,
            None => self.local.count(&key, limit.quota),
        };
        match wait {
            None => Ok(()),
            Some(wait) => {
                metrics::counter!("auth_attempts_refused_total", "limit" => limit.name)
                    .increment(1);
                Err(Error::TooManyAttempts(wait))
            }
        }
    }

    /// Forgets local counters that have run out. To be called now and then.
    pub fn forget_old(&self) {
        self.local.forget_old();
    }
}

/// Addresses and e-mails are personal data: Redis sees their hash.
fn key(limit: &str, who: &str) -> String {
    let digest = Sha256::digest(who.as_bytes());
    format!("{limit}:{}", BASE64_URL_SAFE_NO_PAD.encode(&digest[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_tell_whose_it_is() {
        let key = key("sign-in:account", "ann@example.com");
        assert!(
            key.starts_with("sign-in:account:") && !key.contains("ann"),
            "{key}"
        );
    }
}
