//! One attempt, from its row to what Stripe makes of it. It can be cut short anywhere and done again: each
//! request has a key that says which attempt it is of.

use super::{Paying, stages::timed};
use crate::{
    domain::{Failure, Finding, Method, Payment},
    error::Error,
    gateway::{Fault, Intent, IntentState, NewIntent},
    store::{batch::Confirming, payments},
};

/// What is told when Stripe does not know the card.
const NO_SUCH_CARD: &str =
    "This card can't be used. Nothing was charged: try again, or another card.";

/// Who waits for the outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The buyer: better to be told at once that nothing was charged, than some time later that it was.
    Buyer,
    /// Nobody any more: there is time to try again.
    Nobody,
}

impl Paying {
    /// Makes an attempt that is written, and writes what came of it.
    ///
    /// # Errors
    /// When the database is away, or Stripe while nobody waits: it is due, and goes on later.
    pub(super) async fn carry(
        &self,
        payment: &Payment,
        waiting: Waiting,
    ) -> Result<Payment, Error> {
        let mut payment = payment.clone();
        let finding = self.attempt(&mut payment, waiting).await?;
        self.conclude(&payment, finding).await
    }

    /// Leaves in `payment` what was written about it on the way.
    async fn attempt(&self, payment: &mut Payment, waiting: Waiting) -> Result<Finding, Error> {
        let (intent, method) = match timed("prepare", self.prepare(payment)).await {
            Ok(prepared) => prepared,
            // Of an attempt that may have been charged before, this says nothing.
            Err(_) if payment.attempt.confirming => return Ok(Finding::Unknown),
            Err(fault) if waiting == Waiting::Buyer || fault.is_final() => {
                return Ok(Finding::Failed(not_charged(fault)));
            }
            Err(fault) => return Err(fault.into()),
        };
        if !timed("may-confirm", self.may_confirm(payment, &intent)).await? {
            // The order has ended, or somebody else has made another attempt: what is known of this one is
            // that it was not charged here.
            return Ok(if payment.attempt.confirming {
                Finding::Unknown
            } else {
                Finding::Failed(Failure::Unavailable)
            });
        }
        let key = format!("{}-{}-confirm", payment.id, payment.attempt.number);
        let answer = timed("confirm", self.stripe.confirm(&intent, &method, &key)).await;
        let finding = self.understood(payment, &intent, answer).await?;
        payment.intent = Some(intent);
        payment.attempt.confirming = true;
        Ok(finding)
    }

    /// Commits to ask Stripe to charge an attempt, if that may be done.
    async fn may_confirm(&self, payment: &Payment, intent: &str) -> Result<bool, Error> {
        let attempt = Confirming {
            id: payment.id,
            attempt: payment.attempt.number,
            intent: intent.to_owned(),
        };
        if self.writer.confirming(attempt).await? {
            return Ok(true);
        }
        let mut connection = self.pool.get().await?;
        Ok(payments::confirming(&mut connection, payment, intent).await?)
    }

    /// The `PaymentIntent` and the payment method. Making them charges nothing.
    async fn prepare(&self, payment: &Payment) -> Result<(String, String), Fault> {
        let intent = async {
            match &payment.intent {
                Some(intent) => Ok(intent.clone()),
                None => {
                    let new = NewIntent {
                        payment_id: payment.id,
                        attempt: payment.attempt.number,
                        order_id: payment.order_id,
                        amount: payment.amount,
                        currency: payment.currency,
                    };
                    self.stripe.create(&new).await.map(|intent| intent.id)
                }
            }
        };
        let method = async {
            match &payment.attempt.method {
                Method::PaymentMethod(id) => Ok(id.clone()),
                Method::Token(token) => {
                    let key = format!("{}-{}-method", payment.id, payment.attempt.number);
                    self.stripe.payment_method(token, &key).await
                }
            }
        };
        // Both to their ends: one that is dropped halfway would lose its connection.
        let (intent, method) = futures::join!(intent, method);
        Ok((intent?, method?))
    }

    /// What Stripe's answer to a confirmation means.
    async fn understood(
        &self,
        payment: &Payment,
        intent: &str,
        answer: Result<Intent, Fault>,
    ) -> Result<Finding, Error> {
        Ok(match answer {
            Ok(intent) => finding(intent),
            Err(fault @ (Fault::Declined { .. } | Fault::Refused { .. })) => {
                Finding::Failed(not_charged(fault))
            }
            // This request did nothing, and if it is the first with its key, nothing else did.
            Err(fault @ Fault::Unavailable(_)) if !payment.attempt.confirming => {
                tracing::warn!(%fault, "Stripe did not take an attempt");
                Finding::Failed(Failure::Unavailable)
            }
            Err(Fault::AnotherState) => match self.stripe.retrieve(intent).await.map(finding) {
                // It was open to be confirmed when Stripe said that it was not: somebody is at it.
                Ok(Finding::Failed(_)) | Err(_) => Finding::Unknown,
                Ok(finding) => finding,
            },
            // The request is over, and would be answered so for ever. What it did the PaymentIntent tells;
            // that it did nothing, only when none of them can be on its way any more.
            Err(Fault::Failed(_)) => match self.stripe.retrieve(intent).await.map(finding) {
                Ok(Finding::Failed(_)) if self.is_old(payment) => {
                    Finding::Failed(Failure::Unavailable)
                }
                Ok(Finding::Failed(_)) | Err(_) => Finding::Unknown,
                Ok(finding) => finding,
            },
            Err(fault) => {
                tracing::warn!(%fault, "an attempt has no clear outcome yet");
                Finding::Unknown
            }
        })
    }

    /// Whether nobody can be making the attempt any more who began it.
    pub(super) fn is_old(&self, payment: &Payment) -> bool {
        let age = self.clock.now() - payment.attempt.begun_at;
        age.to_std().is_ok_and(|age| age >= self.patience.attempt)
    }
}

/// What a `PaymentIntent` that was confirmed says of the attempt.
pub(super) fn finding(intent: Intent) -> Finding {
    match intent.state {
        IntentState::Succeeded => Finding::Succeeded,
        IntentState::RequiresAction => Finding::RequiresAction {
            client_secret: intent.client_secret,
        },
        IntentState::Processing => Finding::Unknown,
        IntentState::Canceled => Finding::Canceled,
        IntentState::Open(None) => Finding::Failed(Failure::NotAuthenticated),
        IntentState::Open(Some(fault)) => Finding::Failed(not_charged(fault)),
    }
}

/// Why nothing was charged.
fn not_charged(fault: Fault) -> Failure {
    match fault {
        Fault::Declined {
            authentication: true,
            ..
        } => Failure::NotAuthenticated,
        Fault::Declined { message, .. } => Failure::Declined(message),
        Fault::Refused { code, message } => {
            tracing::info!(code, message, "Stripe refused a card");
            Failure::Declined(NO_SUCH_CARD.to_owned())
        }
        fault => {
            tracing::warn!(%fault, "Stripe can't be asked");
            Failure::Unavailable
        }
    }
}
