//! Sessions: a JWT (RFC 7519) signed EdDSA by auth alone, in a cookie or an `Authorization` header.
//!
//! Every service verifies with auth's public keys; none but auth can make a session. The keys are
//! auth's own in auth, and its JWKS (RFC 7517) elsewhere: see [`jwks`].

pub mod jwks;
pub mod keys;

use std::{future::Future, ops::Deref, pin::Pin, sync::Arc, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use ticketing_contracts::api::auth::SessionUser;
use ticketing_runtime::Clock;
use tokio::sync::watch;

use crate::{
    Problem,
    session::{
        jwks::Refetch,
        keys::{Claims, KeySet},
    },
};

/// The cookie that holds the session.
pub const COOKIE: &str = "session";

/// What to wait for auth to be reached.
const NO_KEYS_RETRY: Duration = Duration::from_secs(1);

/// There are no keys to verify sessions with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("auth's keys have not been fetched yet")]
pub struct NoKeys;

/// Verifies sessions. Put it into the app's data as `web::Data<Verifier>`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: watch::Receiver<Arc<KeySet>>,
    refetch: Option<Refetch>,
    clock: Clock,
}

impl Verifier {
    /// A verifier with keys that don't change while the process runs.
    #[must_use]
    pub fn fixed(keys: KeySet, clock: Clock) -> Self {
        // The sender may go: the receiver keeps what was last sent.
        let (_, keys) = watch::channel(Arc::new(keys));
        Self {
            keys,
            refetch: None,
            clock,
        }
    }

    /// Whose session this is, or `None` when the token is broken, foreign or over.
    ///
    /// # Errors
    /// [`NoKeys`] when there are none to verify with: auth has not been reached yet.
    pub async fn verify(&self, token: &str) -> Result<Option<Arc<Claims>>, NoKeys> {
        let keys = Arc::clone(&self.keys.borrow());
        let claims = match keys.verify(token) {
            Err(keys::Refused::UnknownKey) => {
                if let Some(refetch) = &self.refetch {
                    refetch.wait().await;
                }
                let keys = Arc::clone(&self.keys.borrow());
                if keys.is_empty() {
                    return Err(NoKeys);
                }
                keys.verify(token)
            }
            answer => answer,
        };
        Ok(claims
            .ok()
            .filter(|claims| claims.exp > self.clock.now().timestamp()))
    }
}

/// The session of a request; extracting it answers 401 when there is none. Use `Option<Session>`
/// where a session is not needed.
#[derive(Debug, Clone)]
pub struct Session(Arc<Claims>);

impl Session {
    /// What `currentuser` tells.
    #[must_use]
    pub fn user(&self) -> SessionUser {
        let Claims {
            sub,
            email,
            iat,
            exp,
        } = &*self.0;
        SessionUser {
            id: *sub,
            email: email.clone(),
            iat: *iat,
            exp: *exp,
        }
    }
}

impl Deref for Session {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0
    }
}

impl FromRequest for Session {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<web::Data<Verifier>>().cloned();
        let token = token(request);
        Box::pin(async move {
            let verifier = verifier.ok_or_else(|| Problem::internal("no session verifier"))?;
            let token = token.ok_or_else(Problem::unauthorized)?;
            let verified = verifier.verify(&token).await;
            let claims = verified.map_err(|none| Problem::unavailable(NO_KEYS_RETRY, none))?;
            claims.map(Self).ok_or_else(Problem::unauthorized)
        })
    }
}

/// The token that a request carries. An `Authorization` header wins: a program that sends one
/// means it.
fn token(request: &HttpRequest) -> Option<String> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned());
    }
    request
        .cookie(COOKIE)
        .map(|cookie| cookie.value().to_owned())
}
