//! The two things a visitor does: make an account, and come back to it.

use secrecy::SecretString;
use ticketing_contracts::{
    api::auth::{User, normalised_email, trimmed_email},
    ids::UserId,
};
use ticketing_http::Visitor;
use ticketing_postgres::Pool;
use ticketing_runtime::Clock;

use crate::{
    config::Quotas,
    domain::session::{SigningKeys, Token},
    error::Error,
    limits::{Attempts, Limit},
    passwords::Passwords,
    store::users,
};

/// Accounts and their sessions.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// The schema.
    pub pool: Pool,
    /// Who tried how often.
    pub attempts: Attempts,
    /// How often one may.
    pub quotas: Quotas,
    /// Hashing.
    pub passwords: Passwords,
    /// Signing.
    pub keys: SigningKeys,
    /// The time.
    pub clock: Clock,
}

impl Accounts {
    /// Makes an account and begins its first session.
    ///
    /// # Errors
    /// [`Error::EmailInUse`]; of several that race for one address one succeeds.
    pub async fn sign_up(
        &self,
        visitor: Visitor,
        email: &str,
        password: SecretString,
    ) -> Result<(User, Token), Error> {
        let network = visitor.network().to_string();
        let limit = Limit {
            name: "sign-up:address",
            quota: self.quotas.sign_up_per_address,
        };
        self.attempts.count(limit, &network).await?;

        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::new(now),
            email: trimmed_email(email).to_owned(),
        };
        users::insert(&mut *self.pool.get().await?, &user, &hash, now).await?;
        self.begin_session(user)
    }

    /// Begins a session. A wrong password and an unknown address get the same answer after the same
    /// work.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::TooManyAttempts`].
    pub async fn sign_in(
        &self,
        visitor: Visitor,
        email: &str,
        password: SecretString,
    ) -> Result<(User, Token), Error> {
        let network = visitor.network().to_string();
        let limit = Limit {
            name: "sign-in:address",
            quota: self.quotas.sign_in_per_address,
        };
        self.attempts.count(limit, &network).await?;
        let limit = Limit {
            name: "sign-in:account",
            quota: self.quotas.sign_in_per_account,
        };
        self.attempts.count(limit, &normalised_email(email)).await?;

        // The connection goes back before the hash: it is needed for a millisecond, a hash takes
        // twenty.
        let found = users::find(&mut *self.pool.get().await?, email).await?;
        let (user, hash) = found.unzip();
        let right = self.passwords.verify(password, hash).await?;
        match user {
            Some(user) if right => self.begin_session(user),
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// What others verify sessions with.
    #[must_use]
    pub fn public_keys(&self) -> &jsonwebtoken::jwk::JwkSet {
        self.keys.public()
    }

    fn begin_session(&self, user: User) -> Result<(User, Token), Error> {
        let token = self.keys.sign(&user, self.clock.now());
        let token = token.map_err(|error| Error::Internal(error.to_string()))?;
        Ok((user, token))
    }
}
