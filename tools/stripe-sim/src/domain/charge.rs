//! The charge of a `PaymentIntent`, as the event `charge.refunded` shows it. It has no life of its own
//! here: everything it tells is known from the payment.

use serde_json::{Value, json};

use super::{payment_intent::PaymentIntent, payment_method::billing_details};

/// As Stripe shows the charge of a payment that has succeeded.
#[must_use]
pub fn form(intent: &PaymentIntent) -> Value {
    let (terms, method) = (&intent.terms, intent.method.as_deref());
    let name = method.and_then(|method| method.details.name.as_deref());
    json!({
        "id": intent.latest_charge,
        "object": "charge",
        "amount": terms.amount,
        "amount_captured": terms.amount,
        "amount_refunded": intent.refunded,
        "balance_transaction": null,
        "billing_details": billing_details(name),
        "captured": true,
        "created": terms.created,
        "currency": terms.currency,
        "customer": null,
        "description": terms.description,
        "disputed": false,
        "failure_code": null,
        "failure_message": null,
        "livemode": false,
        "metadata": terms.metadata,
        "paid": true,
        "payment_intent": terms.id,
        "payment_method": method.map(|method| &method.id),
        "refunded": intent.refunded >= terms.amount,
        "status": "succeeded",
    })
}
