//! Events: what webhooks tell (<https://docs.stripe.com/api/events/object>).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    charge,
    entry::Entry,
    id,
    payment_intent::{PaymentIntent, Status},
};

/// The version of the API whose forms are spoken here.
pub const API_VERSION: &str = "2026-09-30.endive";

/// Something has happened to the object of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// What.
    pub kind: EventKind,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A card was charged.
    #[serde(rename = "payment_intent.succeeded")]
    IntentSucceeded,
    /// A card was not charged.
    #[serde(rename = "payment_intent.payment_failed")]
    IntentFailed,
    /// The bank asks the buyer.
    #[serde(rename = "payment_intent.requires_action")]
    IntentRequiresAction,
    /// No card will be charged.
    #[serde(rename = "payment_intent.canceled")]
    IntentCanceled,
    /// Money is given back.
    #[serde(rename = "refund.created")]
    RefundCreated,
    /// It is back, or could not be given.
    #[serde(rename = "refund.updated")]
    RefundUpdated,
    /// The charge has less left.
    #[serde(rename = "charge.refunded")]
    ChargeRefunded,
}

impl EventKind {
    /// As Stripe writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IntentSucceeded => "payment_intent.succeeded",
            Self::IntentFailed => "payment_intent.payment_failed",
            Self::IntentRequiresAction => "payment_intent.requires_action",
            Self::IntentCanceled => "payment_intent.canceled",
            Self::RefundCreated => "refund.created",
            Self::RefundUpdated => "refund.updated",
            Self::ChargeRefunded => "charge.refunded",
        }
    }

    /// What the state that a payment is in now tells.
    #[must_use]
    pub fn of(intent: &PaymentIntent) -> Self {
        match intent.status {
            Status::Succeeded => Self::IntentSucceeded,
            Status::RequiresAction => Self::IntentRequiresAction,
            Status::Canceled => Self::IntentCanceled,
            Status::RequiresPaymentMethod | Status::RequiresConfirmation => Self::IntentFailed,
        }
    }
}

impl Event {
    /// A new one.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self {
            id: id::new("evt"),
            kind,
        }
    }

    /// As Stripe shows and sends it; `entry` is where it happened.
    #[must_use]
    pub fn form(&self, entry: &Entry, pending_webhooks: u8) -> Value {
        let intent = entry.intent.as_deref();
        let object = match self.kind {
            EventKind::IntentSucceeded
            | EventKind::IntentFailed
            | EventKind::IntentRequiresAction
            | EventKind::IntentCanceled => intent.map(PaymentIntent::form),
            EventKind::RefundCreated | EventKind::RefundUpdated => {
                entry.refund.as_deref().map(super::refund::Refund::form)
            }
            EventKind::ChargeRefunded => intent.map(charge::form),
        };
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": entry.at,
            "data": {"object": object},
            "livemode": false,
            "pending_webhooks": pending_webhooks,
            "request": {
                "id": entry.request,
                "idempotency_key": entry.key.as_ref().map(|key| &key.key),
            },
            "type": self.kind,
        })
    }
}
