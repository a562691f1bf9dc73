//! `PaymentIntent`: one payment, however many cards are tried
//! (<https://docs.stripe.com/payments/paymentintents/lifecycle>).

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    card::{Behaviour, Decline},
    error::StripeError,
    id,
    payment_method::PaymentMethod,
};

/// A payment at one moment. A change makes the next snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentIntent {
    /// What never changes; shared by all snapshots.
    pub terms: Arc<Terms>,
    /// How far it is.
    pub status: Status,
    /// The card it is to be paid with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Arc<PaymentMethod>>,
    /// Why the last card was not charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Arc<Failure>>,
    /// The last charge that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_charge: Option<String>,
    /// When it was cancelled, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Cancellation>,
    /// Cards that were tried.
    pub attempts: u32,
    /// Charges that were made. More than one would be a disaster, so they are counted.
    pub charges: u32,
    /// What was given back, or is on its way.
    pub refunded: i64,
}

/// What a `PaymentIntent` is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// `pi_…`.
    pub id: String,
    /// For the buyer's browser.
    pub client_secret: String,
    /// Above 0, in the currency's smallest unit.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// The caller's own.
    pub metadata: BTreeMap<String, String>,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Stripe chooses the kinds of payment; with `never`, none that leads the buyer away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<AutomaticMethods>,
    /// Seconds since 1970.
    pub created: i64,
}

/// `automatic_payment_methods`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutomaticMethods {
    /// Whether Stripe chooses.
    pub enabled: bool,
    /// `always` or `never`.
    pub allow_redirects: String,
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No card yet, or the last one failed.
    RequiresPaymentMethod,
    /// There is a card, and nobody has said that it is to be charged.
    RequiresConfirmation,
    /// The bank asks the buyer.
    RequiresAction,
    /// Charged.
    Succeeded,
    /// Never to be charged.
    Canceled,
}

/// Why a card was not charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// In Stripe's form.
    pub error: StripeError,
    /// The card.
    pub method: Arc<PaymentMethod>,
}

/// The end without a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Seconds since 1970.
    pub at: i64,
    /// One of Stripe's reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Status {
    /// As Stripe writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    fn is_open(self) -> bool {
        !matches!(self, Self::Succeeded | Self::Canceled)
    }
}

impl PaymentIntent {
    /// A new one, with the card that it is to be paid with, if that is known.
    #[must_use]
    pub fn new(terms: Terms, method: Option<Arc<PaymentMethod>>) -> Self {
        Self {
            terms: Arc::new(terms),
            status: match method {
                Some(_) => Status::RequiresConfirmation,
                None => Status::RequiresPaymentMethod,
            },
            method,
            last_error: None,
            latest_charge: None,
            cancelled: None,
            attempts: 0,
            charges: 0,
            refunded: 0,
        }
    }

    /// `pi_…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.terms.id
    }

    /// What was charged, in all.
    #[must_use]
    pub fn charged(&self) -> i64 {
        self.terms.amount * i64::from(self.charges)
    }

    /// Whether a card can be tried now.
    ///
    /// # Errors
    /// When it is charged or cancelled. A 3-D Secure that is under way does not matter: the new card
    /// supersedes the first.
    pub fn check_confirmable(&self) -> Result<(), StripeError> {
        if self.status.is_open() {
            return Ok(());
        }
        Err(StripeError::unexpected_state(match self.status {
            Status::Succeeded => {
                "You cannot confirm this PaymentIntent because it has already succeeded after being \
                 previously confirmed."
                    .to_owned()
            }
            status => format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a \
                 PaymentIntent with one of the following statuses may be confirmed: \
                 requires_confirmation, requires_action.",
                status.name()
            ),
        }))
    }

    /// Tries to charge the card.
    #[must_use]
    pub fn confirm(&self, method: Arc<PaymentMethod>) -> Self {
        let mut next = self.clone();
        next.attempts += 1;
        next.last_error = None;
        let behaviour = method.details.card.behaviour;
        next.method = Some(method);
        match behaviour {
            Behaviour::Succeeds => next.charge(),
            Behaviour::Declines(decline) => next.decline(decline),
            Behaviour::Authenticates | Behaviour::AuthenticatesThenDeclines(_) => {
                next.status = Status::RequiresAction;
            }
        }
        next
    }

    /// The buyer's answer to the bank.
    ///
    /// # Errors
    /// When the bank has not asked.
    pub fn authenticate(&self, succeed: bool) -> Result<Self, StripeError> {
        let (Status::RequiresAction, Some(method)) = (self.status, &self.method) else {
            return Err(StripeError::unexpected_state(format!(
                "This PaymentIntent can't be authenticated because it has a status of {}.",
                self.status.name()
            )));
        };
        let mut next = self.clone();
        match method.details.card.behaviour {
            _ if !succeed => next.fail(StripeError::not_authenticated()),
            Behaviour::AuthenticatesThenDeclines(decline) => next.decline(decline),
            _ => next.charge(),
        }
        Ok(next)
    }

    /// Ends it without a payment.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn cancel(&self, reason: Option<String>, at: i64) -> Result<Self, StripeError> {
        if !self.status.is_open() {
            return Err(StripeError::unexpected_state(format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a \
                 PaymentIntent with one of the following statuses may be canceled: \
                 requires_payment_method, requires_capture, requires_confirmation, requires_action, \
                 processing.",
                self.status.name()
            )));
        }
        let mut next = self.clone();
        next.status = Status::Canceled;
        next.cancelled = Some(Cancellation { at, reason });
        Ok(next)
    }

    fn charge(&mut self) {
        self.status = Status::Succeeded;
        self.charges += 1;
        self.latest_charge = Some(id::new("ch"));
        let used = |method: &Arc<PaymentMethod>| {
            Arc::new(PaymentMethod {
                used: true,
                ..PaymentMethod::clone(method)
            })
        };
        self.method = self.method.as_ref().map(used);
    }

    fn decline(&mut self, decline: Decline) {
        let charge = id::new("ch");
        self.latest_charge = Some(charge.clone());
        self.fail(decline.error().of_charge(charge));
    }

    fn fail(&mut self, error: StripeError) {
        self.status = Status::RequiresPaymentMethod;
        let failure = |method| Arc::new(Failure { error, method });
        self.last_error = self.method.take().map(failure);
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn form(&self) -> Value {
        let terms = &self.terms;
        let received = if self.status == Status::Succeeded {
            terms.amount
        } else {
            0
        };
        let last_error = self.last_error.as_ref().map(|failure| {
            let mut fields = failure.error.fields();
            fields["payment_method"] = failure.method.form();
            fields
        });
        json!({
            "id": terms.id,
            "object": "payment_intent",
            "amount": terms.amount,
            "amount_capturable": 0,
            "amount_received": received,
            "automatic_payment_methods": terms.automatic,
            "canceled_at": self.cancelled.as_ref().map(|cancelled| cancelled.at),
            "cancellation_reason": self.cancelled.as_ref().map(|cancelled| &cancelled.reason),
            "capture_method": "automatic_async",
            "client_secret": terms.client_secret,
            "confirmation_method": "automatic",
            "created": terms.created,
            "currency": terms.currency,
            "customer": null,
            "description": terms.description,
            "last_payment_error": last_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": terms.metadata,
            "next_action": self.next_action(),
            "payment_method": self.method.as_ref().map(|method| &method.id),
            "payment_method_types": ["card"],
            "receipt_email": null,
            "setup_future_usage": null,
            "shipping": null,
            "status": self.status,
        })
    }

    fn next_action(&self) -> Option<Value> {
        (self.status == Status::RequiresAction).then(|| {
            json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {
                    "type": "three_d_secure_redirect",
                    "source": self.terms.id,
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::{card::Card, payment_method::CardDetails};

    fn method(card: &str) -> Arc<PaymentMethod> {
        let details = CardDetails::named(Card::named(card).unwrap());
        Arc::new(PaymentMethod::new(details, 0))
    }

    fn new() -> PaymentIntent {
        let terms = Terms {
            id: "pi_1".into(),
            client_secret: "pi_1_secret_1".into(),
            amount: 10_50,
            currency: "usd".into(),
            metadata: BTreeMap::new(),
            description: None,
            automatic: None,
            created: 0,
        };
        PaymentIntent::new(terms, None)
    }

    #[test]
    fn a_card_is_charged_once() {
        let paid = new().confirm(method("visa"));
        assert_eq!((paid.status, paid.charges), (Status::Succeeded, 1));
        assert_eq!(paid.charged(), 10_50);
        assert!(paid.method.as_ref().unwrap().used);
        assert!(paid.check_confirmable().is_err());
    }

    #[test]
    fn another_card_can_be_tried_after_a_decline() {
        let declined = new().confirm(method("chargeDeclined"));
        assert_eq!(declined.status, Status::RequiresPaymentMethod);
        assert_eq!((declined.charges, declined.method.is_none()), (0, true));
        let failure = declined.last_error.clone().unwrap();
        assert_eq!(failure.error.code.as_deref(), Some("card_declined"));
        assert_eq!(
            failure.error.charge.as_deref(),
            declined.latest_charge.as_deref()
        );

        let paid = declined.confirm(method("mastercard"));
        assert_eq!((paid.status, paid.attempts), (Status::Succeeded, 2));
        assert_eq!(paid.last_error, None);
    }

    #[rstest]
    #[case("threeDSecure2Required", true, Status::Succeeded, None)]
    #[case(
        "threeDSecure2Required",
        false,
        Status::RequiresPaymentMethod,
        Some("payment_intent_authentication_failure")
    )]
    #[case(
        "threeDSecureRequiredChargeDeclined",
        true,
        Status::RequiresPaymentMethod,
        Some("card_declined")
    )]
    fn the_bank_asks_the_buyer(
        #[case] card: &str,
        #[case] succeed: bool,
        #[case] expected: Status,
        #[case] code: Option<&str>,
    ) {
        let asked = new().confirm(method(card));
        assert_eq!((asked.status, asked.charges), (Status::RequiresAction, 0));
        assert_eq!(asked.form()["next_action"]["type"], "use_stripe_sdk");

        let answered = asked.authenticate(succeed).unwrap();
        assert_eq!(answered.status, expected);
        let error = answered.last_error.as_ref();
        assert_eq!(
            error.and_then(|failure| failure.error.code.as_deref()),
            code
        );
        assert!(answered.form()["next_action"].is_null());
        assert!(answered.authenticate(succeed).is_err());
    }

    #[test]
    fn another_card_supersedes_what_the_bank_asks() {
        let asked = new().confirm(method("threeDSecure2Required"));
        let paid = asked.confirm(method("visa"));
        assert_eq!((paid.status, paid.charges), (Status::Succeeded, 1));
        assert!(paid.authenticate(true).is_err());
    }

    #[test]
    fn what_is_open_can_be_cancelled() {
        let open = [
            new(),
            new().confirm(method("chargeDeclined")),
            new().confirm(method("threeDSecure2Required")),
        ];
        for intent in open {
            let cancelled = intent.cancel(None, 7).unwrap();
            assert_eq!(cancelled.status, Status::Canceled);
            assert_eq!(cancelled.form()["canceled_at"], 7);
            assert!(cancelled.cancel(None, 8).is_err());
            assert!(cancelled.check_confirmable().is_err());
        }
        let error = new().confirm(method("visa")).cancel(None, 7).unwrap_err();
        assert_eq!(
            error.code.as_deref(),
            Some("payment_intent_unexpected_state")
        );
    }
}
