//! Sessions: a JWT (RFC 7519) signed EdDSA by auth alone, in a cookie or an `Authorization` header.
//!
//! Every service verifies with auth's public keys; none but auth can make a session. The keys are
//! auth's own in auth, and its JWKS (RFC 7517) elsewhere: see [`jwks`].

pub mod jwks;
pub mod keys;

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::Arc,
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use futures::future::{Either, LocalBoxFuture};
use ticketing_contracts::api::auth::SessionUser;
use ticketing_runtime::Clock;
use tokio::sync::watch;

use crate::{
    Problem,
    cookies::cookie,
    session::{
        jwks::Refetch,
        keys::{Claims, KeySet, Refused},
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
        match self.verify_with_known_keys(token) {
            Err(Refused::UnknownKey) => {}
            answer => return Ok(answer.ok()),
        }
        if let Some(refetch) = &self.refetch {
            refetch.wait().await;
        }
        match self.verify_with_known_keys(token) {
            Err(Refused::UnknownKey) if self.keys.borrow().is_empty() => Err(NoKeys),
            answer => Ok(answer.ok()),
        }
    }

    fn verify_with_known_keys(&self, token: &str) -> Result<Arc<Claims>, Refused> {
        let claims = self.keys.borrow().verify(token)?;
        let ended = claims.exp <= self.clock.now().timestamp();
        if ended {
            Err(Refused::Invalid)
        } else {
            Ok(claims)
        }
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
    type Future =
        Either<Ready<Result<Self, Problem>>, LocalBoxFuture<'static, Result<Self, Problem>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(verifier) = request.app_data::<web::Data<Verifier>>() else {
            return Either::Left(ready(Err(Problem::internal("no session verifier"))));
        };
        let Some(token) = token(request) else {
            return Either::Left(ready(Err(Problem::unauthorized())));
        };
        match verifier.verify_with_known_keys(token) {
            Ok(claims) => Either::Left(ready(Ok(Self(claims)))),
            Err(Refused::Invalid) => Either::Left(ready(Err(Problem::unauthorized()))),
            // Only then is there something to wait for.
            Err(Refused::UnknownKey) => {
                let (verifier, token) = (verifier.clone(), token.to_owned());
                Either::Right(Box::pin(async move {
                    let verified = verifier.verify(&token).await;
                    let claims =
                        verified.map_err(|none| Problem::unavailable(NO_KEYS_RETRY, none))?;
                    claims.map(Self).ok_or_else(Problem::unauthorized)
                }))
            }
        }
    }
}

/// The token that a request carries. An `Authorization` header wins: a program that sends one
/// means it.
#[must_use]
pub fn token(request: &HttpRequest) -> Option<&str> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim());
    }
    cookie(request, COOKIE)
}
