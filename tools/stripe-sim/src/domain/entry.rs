//! An entry of the books: what one request has changed, and what it was answered.
//!
//! State is nothing but the entries applied in order: in memory as they happen, and after a restart from
//! the journal. A request is one entry, so that a crash leaves all of it or nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    error::StripeError,
    event::{Event, EventKind},
    id,
    payment_intent::PaymentIntent,
    payment_method::{PaymentMethod, Token},
    refund::Refund,
};

/// What one request has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `req_…`.
    pub request: String,
    /// Seconds since 1970.
    pub at: i64,
    /// The new snapshot of each thing that has changed, or that the answer shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Arc<PaymentIntent>>,
    /// See `intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Arc<PaymentMethod>>,
    /// See `intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Arc<Token>>,
    /// See `intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Arc<Refund>>,
    /// What webhooks tell of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What was answered.
    pub outcome: Outcome,
    /// The idempotency key under which the answer is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
}

/// What a request was answered: one of the entry's things, or an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The payment.
    Intent,
    /// The payment method.
    Method,
    /// The token.
    Token,
    /// The refund.
    Refund,
    /// An error after the request had begun: it is kept under the key as any answer.
    Error(StripeError),
}

/// A key, and what it was first used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// The caller's.
    pub key: String,
    /// A digest of the route and the parameters.
    pub fingerprint: String,
}

impl Entry {
    /// One in which nothing has changed yet.
    #[must_use]
    pub fn new(at: i64, outcome: Outcome) -> Self {
        Self {
            request: id::new("req"),
            at,
            intent: None,
            method: None,
            token: None,
            refund: None,
            events: Vec::new(),
            outcome,
            key: None,
        }
    }

    /// A payment that the request made or changed.
    #[must_use]
    pub fn intent(mut self, intent: impl Into<Arc<PaymentIntent>>) -> Self {
        self.intent = Some(intent.into());
        self
    }

    /// A payment method that the request made or changed.
    #[must_use]
    pub fn method(mut self, method: impl Into<Arc<PaymentMethod>>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// A token that the request made or changed.
    #[must_use]
    pub fn token(mut self, token: impl Into<Arc<Token>>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// A refund that the request made or changed.
    #[must_use]
    pub fn refund(mut self, refund: impl Into<Arc<Refund>>) -> Self {
        self.refund = Some(refund.into());
        self
    }

    /// What webhooks tell of it.
    #[must_use]
    pub fn event(mut self, kind: EventKind) -> Self {
        self.events.push(Event::new(kind));
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.outcome {
            Outcome::Error(error) => error.status,
            _ => 200,
        }
    }

    /// The body of the answer: the same whenever it is asked for.
    #[must_use]
    pub fn body(&self) -> Value {
        let shown = match &self.outcome {
            Outcome::Intent => self.intent.as_deref().map(PaymentIntent::form),
            Outcome::Method => self.method.as_deref().map(PaymentMethod::form),
            Outcome::Token => self.token.as_deref().map(Token::form),
            Outcome::Refund => self.refund.as_deref().map(Refund::form),
            // A failure of Stripe's own tells nothing.
            Outcome::Error(error) if error.status >= 500 => Some(error.body(None)),
            Outcome::Error(error) => Some(error.body(self.intent.as_deref())),
        };
        shown.unwrap_or_default()
    }
}
