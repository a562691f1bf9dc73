//! A visitor with a session.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use ticketing_contracts::api::auth::SessionUser;

use super::{ReturnTo, Visit};
use crate::failure::Failure;

/// A [`Visit`] with a session. Whoever has none is sent to the sign-in page, and from there back.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Whose session it is.
    pub user: SessionUser,
    /// The rest.
    pub visit: Visit,
}

impl SignedIn {
    async fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let visit = Visit::extract(request).await?;
        match visit.session.clone() {
            Some(user) => Ok(Self { user, visit }),
            None if !visit.certain => Err(Failure::Unavailable("auth")),
            None => Err(Failure::SignIn(ReturnTo::of(request))),
        }
    }
}

impl Deref for SignedIn {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}
