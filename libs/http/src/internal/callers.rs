//! Who may call.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use ticketing_runtime::Settings;

use crate::Problem;

/// The services that may call this one, by their tokens. Put it into the app's data. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Callers(Arc<Vec<(&'static str, SecretString)>>);

/// The service that calls; extracting it answers 401 when it shows no token that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub &'static str);

impl Callers {
    /// Reads `<SERVICE>_TOKEN` for each of `services`.
    pub fn read(settings: &mut Settings, services: &[&'static str]) -> Option<Self> {
        let mut token = |service: &&'static str| {
            let token = settings.secret(&format!("{}_TOKEN", service.to_uppercase()));
            token.map(|token| (*service, token))
        };
        // All of them, so that every one that is missing is named.
        let tokens: Vec<_> = services.iter().map(&mut token).collect();
        let tokens: Option<Vec<_>> = tokens.into_iter().collect();
        Some(Self(Arc::new(tokens?)))
    }

    /// These, by name and token.
    #[must_use]
    pub fn new(tokens: Vec<(&'static str, SecretString)>) -> Self {
        Self(Arc::new(tokens))
    }

    /// Takes the same time whichever token it is, and whether it is one.
    fn who(&self, shown: &str) -> Option<Caller> {
        let mut found = None;
        for (service, token) in self.0.iter() {
            if bool::from(token.expose_secret().as_bytes().ct_eq(shown.as_bytes())) {
                found = Some(Caller(service));
            }
        }
        found
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let callers = request.app_data::<Callers>();
        let shown = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let caller = callers
            .zip(shown)
            .and_then(|(callers, token)| callers.who(token));
        ready(caller.ok_or_else(Problem::unauthorized))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn callers() -> Callers {
        let pairs = [("TICKETS_TOKEN", "aaa"), ("PAYMENTS_TOKEN", "bbb")];
        let mut settings = Settings::from_pairs(pairs);
        Callers::read(&mut settings, &["tickets", "payments"]).unwrap()
    }

    async fn caller(authorization: Option<&str>) -> Option<Caller> {
        let mut request = TestRequest::default().app_data(callers());
        if let Some(value) = authorization {
            request = request.insert_header((header::AUTHORIZATION, value));
        }
        let request = request.to_http_request();
        Caller::from_request(&request, &mut Payload::None)
            .await
            .ok()
    }

    #[actix_web::test]
    async fn a_service_is_known_by_its_token() {
        assert_eq!(caller(Some("Bearer aaa")).await, Some(Caller("tickets")));
        assert_eq!(caller(Some("Bearer bbb")).await, Some(Caller("payments")));
    }

    #[actix_web::test]
    async fn others_are_nobody() {
        for shown in [
            None,
            Some("Bearer "),
            Some("Bearer a"),
            Some("Bearer aaaa"),
            Some("aaa"),
        ] {
            assert_eq!(caller(shown).await, None, "{shown:?}");
        }
    }

    #[test]
    fn every_token_that_is_missing_is_named() {
        let mut settings = Settings::from_pairs::<&str, &str>([]);
        assert!(Callers::read(&mut settings, &["tickets", "payments"]).is_none());
        let error = settings.finish(|| Some(())).unwrap_err().to_string();
        assert!(error.contains("TICKETS_TOKEN") && error.contains("PAYMENTS_TOKEN"));
    }
}
