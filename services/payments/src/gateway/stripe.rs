//! The requests.

use std::collections::HashMap;

use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::{
    payment_intent::{
        CancelPaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
        CreatePaymentIntentAutomaticPaymentMethods,
        CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
    },
    refund::{CreateRefund, ListRefund},
};
use stripe_payment::payment_method::{
    CreatePaymentMethod, CreatePaymentMethodCard, CreatePaymentMethodTokenParams,
    CreatePaymentMethodType,
};
use stripe_shared::{ApiErrorsCode, PaymentIntent, PaymentIntentStatus, Refund};
use ticketing_contracts::{
    ids::{OrderId, PaymentId},
    money::{Currency, NotChargeable, at_stripe},
};

use super::{Fault, StripeSettings, client::Client};

/// Stripe, or the simulator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stripe(Client);

/// What a `PaymentIntent` is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewIntent {
    /// Our payment.
    pub payment_id: PaymentId,
    /// The attempt that needs it first.
    pub attempt: i32,
    /// Our order.
    pub order_id: OrderId,
    /// In minor units of the currency.
    pub amount: i64,
    /// What the amount is counted in.
    pub currency: Currency,
}

/// A `PaymentIntent`, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// How far it is.
    pub state: IntentState,
    /// What a browser needs to go on with it.
    pub client_secret: String,
}

/// How far a `PaymentIntent` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentState {
    /// Nothing is charged; why the last attempt failed, if there was one.
    Open(Option<Fault>),
    /// The buyer has to confirm it.
    RequiresAction,
    /// It may succeed or fail yet.
    Processing,
    /// The buyer is charged.
    Succeeded,
    /// Nothing will be charged.
    Canceled,
}

/// A refund at Stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeRefund {
    /// `re_…`
    pub id: String,
    /// The buyer has the money, as far as Stripe knows. `None`: it failed.
    pub made: Option<bool>,
}

impl Stripe {
    /// The account that the settings name.
    ///
    /// # Errors
    /// When there can be no client: the key is no header's value, say.
    pub fn new(settings: &StripeSettings) -> anyhow::Result<Self> {
        Client::new(settings).map(Self)
    }

    /// Makes a `PaymentIntent`, unconfirmed; once for an attempt, however often it is asked for. One that
    /// was made in vain is never confirmed, and so costs nobody anything.
    ///
    /// # Errors
    /// With the [`Fault`]: nothing is charged in any case.
    pub async fn create(&self, new: &NewIntent) -> Result<Intent, Fault> {
        let amount =
            at_stripe(new.amount, new.currency).map_err(|NotChargeable| Fault::Refused {
                code: "amount".to_owned(),
                message: NotChargeable.to_string(),
            })?;
        // Nothing that would lead the buyer away from the page and needs an address to come back to.
        let methods = CreatePaymentIntentAutomaticPaymentMethods {
            allow_redirects: Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never),
            enabled: true,
        };
        let metadata = HashMap::from([
            ("orderId".to_owned(), new.order_id.to_string()),
            ("paymentId".to_owned(), new.payment_id.to_string()),
        ]);
        let created = CreatePaymentIntent::new(amount, stripe_currency(new.currency))
            .automatic_payment_methods(methods)
            .metadata(metadata)
            .customize()
            .request_strategy(once(&format!("{}-{}-intent", new.payment_id, new.attempt))?)
            .send(&self.0)
            .await?;
        Ok(intent(created))
    }

    /// A `PaymentIntent` as it is now.
    ///
    /// # Errors
    /// With the [`Fault`].
    pub async fn retrieve(&self, id: &str) -> Result<Intent, Fault> {
        let found = RetrievePaymentIntent::new(id).send(&self.0).await?;
        Ok(intent(found))
    }

    /// Makes a payment method of a card's token, which can be used once.
    ///
    /// # Errors
    /// With the [`Fault`]: nothing is charged in any case.
    pub async fn payment_method(&self, token: &str, key: &str) -> Result<String, Fault> {
        let card = CreatePaymentMethodTokenParams::new(token);
        let made = CreatePaymentMethod::new()
            .type_(CreatePaymentMethodType::Card)
            .card(CreatePaymentMethodCard::TokenParams(card))
            .customize()
            .request_strategy(once(key)?)
            .send(&self.0)
            .await?;
        Ok(made.id.to_string())
    }

    /// Charges. The same key is the same attempt: it charges once, however often it is sent.
    ///
    /// # Errors
    /// With the [`Fault`].
    pub async fn confirm(&self, id: &str, method: &str, key: &str) -> Result<Intent, Fault> {
        let confirmed = ConfirmPaymentIntent::new(id)
            .payment_method(method)
            .customize()
            .request_strategy(once(key)?)
            .send(&self.0)
            .await?;
        Ok(intent(confirmed))
    }

    /// Sees to it that nothing will be charged any more.
    ///
    /// # Errors
    /// [`Fault::AnotherState`] when it has succeeded, or was cancelled before.
    pub async fn cancel(&self, id: &str) -> Result<Intent, Fault> {
        let canceled = CancelPaymentIntent::new(id).send(&self.0).await?;
        Ok(intent(canceled))
    }

    /// What was given back of a payment, the newest first.
    ///
    /// # Errors
    /// With the [`Fault`].
    pub async fn refunds(&self, intent: &str) -> Result<Vec<StripeRefund>, Fault> {
        let list = ListRefund::new()
            .payment_intent(intent)
            .limit(100)
            .send(&self.0)
            .await?;
        Ok(list.data.iter().map(refund).collect())
    }

    /// Gives all of a payment back.
    ///
    /// # Errors
    /// With the [`Fault`].
    pub async fn refund(&self, intent: &str, key: &str) -> Result<StripeRefund, Fault> {
        let made = CreateRefund::new()
            .payment_intent(intent)
            .customize()
            .request_strategy(once(key)?)
            .send(&self.0)
            .await?;
        Ok(refund(&made))
    }
}

fn once(key: &str) -> Result<RequestStrategy, Fault> {
    IdempotencyKey::new(key)
        .map(RequestStrategy::Idempotent)
        .map_err(|error| Fault::Unavailable(error.to_string()))
}

fn stripe_currency(currency: Currency) -> stripe_types::Currency {
    let code = currency.code().to_ascii_lowercase();
    // Infallible: what is not in the list goes as it is, and Stripe decides.
    code.parse().unwrap_or_default()
}

fn intent(intent: PaymentIntent) -> Intent {
    let state = match intent.status {
        PaymentIntentStatus::Succeeded => IntentState::Succeeded,
        PaymentIntentStatus::Canceled => IntentState::Canceled,
        PaymentIntentStatus::RequiresAction => IntentState::RequiresAction,
        PaymentIntentStatus::RequiresPaymentMethod | PaymentIntentStatus::RequiresConfirmation => {
            IntentState::Open(intent.last_payment_error.map(|error| Fault::Declined {
                authentication: error.code
                    == Some(ApiErrorsCode::PaymentIntentAuthenticationFailure),
                message: error.message.unwrap_or_default(),
            }))
        }
        // Nothing is captured by hand here; what there may be one day is not known to have failed.
        PaymentIntentStatus::Processing
        | PaymentIntentStatus::RequiresCapture
        | PaymentIntentStatus::Unknown(_) => IntentState::Processing,
        _ => IntentState::Processing,
    };
    Intent {
        id: intent.id.to_string(),
        state,
        client_secret: intent.client_secret.unwrap_or_default(),
    }
}

fn refund(refund: &Refund) -> StripeRefund {
    StripeRefund {
        id: refund.id.to_string(),
        made: match refund.status.as_deref() {
            Some("succeeded") => Some(true),
            Some("failed" | "canceled") => None,
            _ => Some(false),
        },
    }
}
