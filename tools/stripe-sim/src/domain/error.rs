//! Errors in Stripe's form (<https://docs.stripe.com/api/errors>).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::payment_intent::PaymentIntent;

/// Words that are mostly known beforehand.
type Text = Cow<'static, str>;

/// What Stripe answers instead of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeError {
    /// The status of the answer.
    pub status: u16,
    /// `type`: the kind of the error.
    pub kind: Kind,
    /// What programs look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text>,
    /// Why the card's bank said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<Text>,
    /// For a person; the buyer when the card is the reason, else a developer.
    pub message: Text,
    /// The parameter that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<Text>,
    /// The charge that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Box<str>>,
}

/// `type` of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Stripe is at fault.
    ApiError,
    /// The card can't be charged.
    CardError,
    /// The idempotency key was used for something else, or is in use.
    IdempotencyError,
    /// The request is wrong.
    InvalidRequestError,
}

impl StripeError {
    fn new(status: u16, kind: Kind, code: Option<&'static str>, message: impl Into<Text>) -> Self {
        Self {
            status,
            kind,
            code: code.map(Into::into),
            decline_code: None,
            message: message.into(),
            param: None,
            charge: None,
        }
    }

    /// A parameter that makes no sense.
    pub fn invalid(message: impl Into<Text>, param: impl Into<Text>) -> Self {
        Self::new(400, Kind::InvalidRequestError, None, message).about(param)
    }

    /// The same with a code.
    pub fn parameter(code: &'static str, message: impl Into<Text>, param: impl Into<Text>) -> Self {
        Self::request(code, message).about(param)
    }

    /// A request that can't be done.
    pub fn request(code: &'static str, message: impl Into<Text>) -> Self {
        Self::new(400, Kind::InvalidRequestError, Some(code), message)
    }

    /// The thing that the path names is not there.
    #[must_use]
    pub fn not_found(kind: &str, id: &str, param: &'static str) -> Self {
        let mut error = Self::missing(kind, id, param);
        error.status = 404;
        error
    }

    /// The thing that a parameter names is not there.
    pub fn missing(kind: &str, id: &str, param: impl Into<Text>) -> Self {
        let message = format!("No such {kind}: '{id}'");
        Self::parameter("resource_missing", message, param)
    }

    /// The `PaymentIntent` is in another state than that which the request needs.
    pub fn unexpected_state(message: impl Into<Text>) -> Self {
        Self::request("payment_intent_unexpected_state", message)
    }

    /// The card's bank said no, in words for the buyer.
    pub fn card(
        code: &'static str,
        decline_code: Option<&'static str>,
        message: &'static str,
    ) -> Self {
        let mut error = Self::new(402, Kind::CardError, Some(code), message);
        error.decline_code = decline_code.map(Into::into);
        error
    }

    /// The buyer did not confirm the payment with the bank.
    #[must_use]
    pub fn not_authenticated() -> Self {
        let message = "We are unable to authenticate your payment method. Please choose a different \
                       payment method and try again.";
        Self::request("payment_intent_authentication_failure", message)
    }

    /// No key, a wrong one, or one that may not ask for that.
    pub fn unauthorized(code: Option<&'static str>, message: impl Into<Text>) -> Self {
        Self::new(401, Kind::InvalidRequestError, code, message)
    }

    /// The key belongs to another request.
    pub fn idempotency(message: impl Into<Text>) -> Self {
        Self::new(400, Kind::IdempotencyError, None, message)
    }

    /// The first request with the key is under way.
    #[must_use]
    pub fn key_in_use(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using this Idempotent Key: {key}. \
             Please try again later."
        );
        let code = Some("idempotency_key_in_use");
        Self::new(409, Kind::IdempotencyError, code, message)
    }

    /// Too many requests at once.
    #[must_use]
    pub fn rate_limited() -> Self {
        let message = "Request rate limit exceeded. You can learn more about rate limits here \
                       https://docs.stripe.com/rate-limits.";
        Self::new(429, Kind::InvalidRequestError, Some("rate_limit"), message)
    }

    /// Stripe failed.
    #[must_use]
    pub fn failed() -> Self {
        let message = "Sorry! There was an error while talking to one of our backends. \
                       Support has been notified.";
        Self::new(500, Kind::ApiError, None, message)
    }

    /// No such route.
    #[must_use]
    pub fn unrecognized(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we \
             can help at https://support.stripe.com/."
        );
        let mut error = Self::new(404, Kind::InvalidRequestError, None, message);
        error.status = 404;
        error
    }

    /// Names the parameter.
    #[must_use]
    pub fn about(mut self, param: impl Into<Text>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Names the charge that failed.
    #[must_use]
    pub fn of_charge(mut self, charge: String) -> Self {
        self.charge = Some(charge.into());
        self
    }

    /// The fields that the error has in an answer and as a `last_payment_error`.
    #[must_use]
    pub fn fields(&self) -> Value {
        let mut fields = json!({"type": self.kind, "message": self.message});
        let mut add = |name: &str, value: &Option<Text>| {
            if let Some(value) = value {
                fields[name] = json!(value);
            }
        };
        add("code", &self.code);
        add("decline_code", &self.decline_code);
        add("param", &self.param);
        if let Some(code) = &self.code {
            fields["doc_url"] = json!(format!(
                "https://docs.stripe.com/error-codes#{}",
                code.replace('_', "-")
            ));
        }
        if let Some(charge) = &self.charge {
            fields["charge"] = json!(charge);
        }
        fields
    }

    /// The answer's body; with the `PaymentIntent` when the error is about what became of it.
    #[must_use]
    pub fn body(&self, intent: Option<&PaymentIntent>) -> Value {
        let mut fields = self.fields();
        if let Some(intent) = intent {
            let form = intent.form();
            if let Some(method) = form["last_payment_error"].get("payment_method") {
                fields["payment_method"] = method.clone();
            }
            fields["payment_intent"] = form;
        }
        json!({"error": fields})
    }
}
