//! Sessions made with the stack's own key, instead of hashing a password for each.

use anyhow::Context;
use auth::domain::session::SigningKeys;
use stack::secrets::Secrets;
use ticketing_contracts::{api::auth::User, ids::UserId};
use ticketing_runtime::Clock;

/// Makes sessions.
pub struct Sessions {
    keys: SigningKeys,
    clock: Clock,
}

impl Sessions {
    /// With the keys in the stack's secrets.
    pub fn of(secrets: &Secrets) -> anyhow::Result<Self> {
        let keys = SigningKeys::parse(&secrets.session_keys.join(","))?;
        Ok(Self {
            keys,
            clock: Clock::system(),
        })
    }

    /// The `Authorization` header of a new user.
    pub fn bearer(&self) -> anyhow::Result<String> {
        let now = self.clock.now();
        let id = UserId::new(now);
        let user = User {
            id,
            email: format!("{id}@example.com"),
        };
        let token = self.keys.sign(&user, now).context("no session")?;
        Ok(format!("Bearer {}", token.as_str()))
    }

    /// Those of many.
    pub fn bearers(&self, count: usize) -> anyhow::Result<Vec<String>> {
        (0..count).map(|_| self.bearer()).collect()
    }
}
