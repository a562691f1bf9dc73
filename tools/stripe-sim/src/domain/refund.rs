//! Refunds: what was charged and is given back.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    error::StripeError,
    id,
    payment_intent::{PaymentIntent, Status},
};

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`.
    pub id: String,
    /// The payment.
    pub intent: String,
    /// The charge.
    pub charge: Option<String>,
    /// Above 0, in the currency's smallest unit.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Whether it is back.
    pub status: RefundStatus,
    /// One of Stripe's reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Seconds since 1970.
    pub created: i64,
}

/// Whether the money is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// On its way.
    Pending,
    /// Back.
    Succeeded,
    /// The card's bank did not take it.
    Failed,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct NewRefund {
    /// All that is left, if not given.
    pub amount: Option<i64>,
    /// One of Stripe's reasons.
    pub reason: Option<String>,
    /// The caller's own.
    pub metadata: BTreeMap<String, String>,
}

impl Refund {
    /// Gives money back: the refund, and the payment of which it is a part.
    ///
    /// # Errors
    /// When nothing was charged, or not that much is left of it.
    pub fn make(
        intent: &PaymentIntent,
        new: NewRefund,
        status: RefundStatus,
        created: i64,
    ) -> Result<(Self, PaymentIntent), StripeError> {
        if intent.status != Status::Succeeded {
            return Err(StripeError::unexpected_state(
                "This PaymentIntent does not have a successful charge to refund.",
            ));
        }
        let left = intent.charged() - intent.refunded;
        if left <= 0 {
            let charge = intent.latest_charge.as_deref().unwrap_or_default();
            return Err(StripeError::request(
                "charge_already_refunded",
                format!("Charge {charge} has already been refunded."),
            ));
        }
        let amount = new.amount.unwrap_or(left);
        if amount > left {
            let message = format!(
                "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            );
            return Err(StripeError::invalid(message, "amount"));
        }
        let refund = Self {
            id: id::new("re"),
            intent: intent.id().to_owned(),
            charge: intent.latest_charge.clone(),
            amount,
            currency: intent.terms.currency.clone(),
            status,
            reason: new.reason,
            metadata: new.metadata,
            created,
        };
        let intent = PaymentIntent {
            refunded: intent.refunded + amount,
            ..intent.clone()
        };
        Ok((refund, intent))
    }

    /// A pending one arrives, or comes back: the refund, and the payment when that changes with it.
    #[must_use]
    pub fn settle(
        &self,
        succeed: bool,
        intent: &Arc<PaymentIntent>,
    ) -> Option<(Self, Arc<PaymentIntent>)> {
        if self.status != RefundStatus::Pending {
            return None;
        }
        let (mut refund, mut intent) = (self.clone(), intent.clone());
        if succeed {
            refund.status = RefundStatus::Succeeded;
        } else {
            refund.status = RefundStatus::Failed;
            Arc::make_mut(&mut intent).refunded -= refund.amount;
        }
        Some((refund, intent))
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn form(&self) -> Value {
        let failure = (self.status == RefundStatus::Failed).then_some("unknown");
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "destination_details": null,
            "failure_reason": failure,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status,
            "transfer_reversal": null,
        })
    }
}
