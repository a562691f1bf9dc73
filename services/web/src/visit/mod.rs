//! Who asks: the session, the language, what forms and scripts of the answer must carry.

pub mod csrf;
mod form;
pub mod language;
mod nonce;
pub mod return_to;
mod signed_in;

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ticketing_contracts::api::auth::SessionUser;
use ticketing_http::{Session, Visitor, cookie, session};
use ticketing_runtime::Clock;

pub use self::{
    csrf::{Csrf, FormKey},
    form::Form,
    language::Language,
    nonce::Nonce,
    return_to::ReturnTo,
    signed_in::SignedIn,
};
use crate::{clients::Caller, failure::Failure, live::Live, text::Text};

/// The cookie of a visitor without a session, which forms are bound to.
pub const VISIT_COOKIE: &str = "visit";

/// Where the pages are reached from outside: `https://ticketing.dev`, without a slash at the end.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub Arc<str>);

/// A request's visitor. Extracting it never fails for what a client sent.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Whose session it is. `None` for nobody, and while that can't be told: see [`Self::certain`].
    pub session: Option<SessionUser>,
    /// Whether that is known: auth's keys may not have been fetched yet.
    pub certain: bool,
    /// In which the answer is written.
    pub language: Language,
    /// For the answer's forms.
    pub csrf: Csrf,
    /// For the answer's scripts and styles.
    pub nonce: Nonce,
    /// What was asked for: path and query.
    pub path: String,
    /// Where the streams stood before anything was read for the answer.
    pub since: String,
    /// When the answer was begun.
    pub now: DateTime<Utc>,
    /// For whom other services are asked.
    pub caller: Caller,
    /// Where the pages are reached from outside.
    pub public_url: PublicUrl,
    /// A cookie that the answer must set.
    pub(crate) new_cookie: Option<String>,
}

impl Visit {
    /// What is said, in the visitor's language.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(self.language)
    }

    async fn of(request: &HttpRequest) -> Result<Self, Failure> {
        // Whoever asks again during the same request gets the same.
        if let Some(known) = request.extensions().get::<Self>() {
            return Ok(known.clone());
        }
        let (session, certain) = match Session::extract(request).await {
            Ok(session) => (Some(session.user()), true),
            Err(problem) => (None, problem.status() == StatusCode::UNAUTHORIZED),
        };
        let visit = Self::with(request, session, certain)?;
        request.extensions_mut().insert(visit.clone());
        Ok(visit)
    }

    fn with(
        request: &HttpRequest,
        session: Option<SessionUser>,
        certain: bool,
    ) -> Result<Self, Failure> {
        let key = data::<FormKey>(request)?;
        let token = session::token(request);
        let known = cookie(request, VISIT_COOKIE).filter(|value| !value.is_empty());
        let new_cookie = (token.is_none() && known.is_none()).then(random);
        let csrf = key.token(match (token, known, &new_cookie) {
            (Some(token), _, _) => csrf::BoundTo::Session(token),
            (None, Some(value), _) => csrf::BoundTo::Visit(value),
            (None, None, value) => csrf::BoundTo::Visit(value.as_deref().unwrap_or_default()),
        });
        Ok(Self {
            // Only what was verified is passed on.
            caller: Caller::new(
                token.filter(|_| session.is_some() || !certain),
                Visitor::of(request),
            ),
            session,
            certain,
            language: Language::of(request),
            csrf,
            nonce: Nonce::random(),
            path: request
                .uri()
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            since: data::<Live>(request)?.positions(),
            now: data::<Clock>(request)?.now(),
            public_url: PublicUrl::clone(data::<PublicUrl>(request)?),
            new_cookie,
        })
    }
}

impl FromRequest for Visit {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

fn data<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, Failure> {
    request.app_data::<Data<T>>().ok_or_else(|| {
        tracing::error!(kind = std::any::type_name::<T>(), "not in the app's data");
        Failure::Broken
    })
}

fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}
