//! payments: how an order is paid.

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ids::{OrderId, PaymentId, UserId},
    money::{Currency, MajorUnits},
};

/// The most characters of a token or of a payment method's id: more than Stripe gives them.
const STRIPE_ID_MAX_LENGTH: usize = 255;

/// `POST /api/payments`: with what an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[garde(custom(one_of_both))]
pub struct NewPayment {
    /// The order; its total is charged, whatever a client believes that to be.
    #[garde(skip)]
    pub order_id: OrderId,
    /// A card's token from Stripe.js (`tok_…`).
    #[garde(custom(stripe_id("Token", "tok_")))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "tok_visa")]
    pub token: Option<String>,
    /// A payment method from Stripe.js (`pm_…`), instead of a token.
    #[garde(custom(stripe_id("PaymentMethodId", "pm_")))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pm_card_visa")]
    pub payment_method_id: Option<String>,
}

fn one_of_both(payment: &NewPayment, _: &()) -> garde::Result {
    match (&payment.token, &payment.payment_method_id) {
        (None, None) => Err(garde::Error::new("Token must be provided")),
        (Some(_), Some(_)) => Err(garde::Error::new("Give either token or paymentMethodId")),
        _ => Ok(()),
    }
}

/// Checked as far as it can be without asking Stripe: it becomes a part of a request there.
fn stripe_id(
    name: &'static str,
    prefix: &'static str,
) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |id, ()| {
        let fits = |id: &String| {
            id.strip_prefix(prefix).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            }) && id.len() <= STRIPE_ID_MAX_LENGTH
        };
        if id.as_ref().is_none_or(fits) {
            Ok(())
        } else {
            Err(garde::Error::new(format!(
                "{name} must be one of Stripe's, {prefix}…"
            )))
        }
    }
}

/// The payment of an order, as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Never changes; there is one for an order.
    pub id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// How far it is.
    pub status: PaymentStatus,
    /// The same in words for a person.
    pub message: String,
    /// The order's total, in major units of `currency`.
    pub amount: MajorUnits,
    /// What the amount is in.
    pub currency: Currency,
    /// Stripe's `PaymentIntent`, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_id: Option<String>,
    /// For Stripe.js to let the buyer confirm the payment: while `requires-action` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Rises with every change.
    pub version: i64,
    /// When the first attempt began.
    #[serde(with = "crate::time")]
    pub created_at: DateTime<Utc>,
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentStatus {
    /// Stripe has been asked and has not answered yet, or not clearly.
    Pending,
    /// The buyer has to confirm it with the bank (3-D Secure).
    RequiresAction,
    /// The last attempt failed: nothing was charged.
    Failed,
    /// It is made.
    Succeeded,
    /// It was made, and the money is on its way back.
    Refunding,
    /// It was made, and the money is back.
    Refunded,
    /// The order ended before it was paid: nothing was charged, and nothing will be.
    Canceled,
}

/// `GET /api/payments/config`: what a browser needs to ask for a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentConfig {
    /// Stripe's publishable key (`pk_…`).
    pub publishable_key: String,
    /// Where Stripe.js, or what stands in for it, is loaded from.
    pub stripe_js: String,
    /// Payments are simulated: no card is charged, and test cards alone are accepted.
    pub simulated: bool,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::events::forms;

    const ORDER: &str = "018bcfe5-687b-7000-8000-000000000001";

    fn parsed(json: &str) -> NewPayment {
        serde_json::from_str(&json.replace("$O", ORDER)).unwrap()
    }

    #[rstest]
    #[case(r#"{"orderId": "$O", "token": "tok_visa"}"#)]
    #[case(r#"{"orderId": "$O", "paymentMethodId": "pm_card_visa", "token": null}"#)]
    #[case(r#"{"orderId": "$O", "paymentMethodId": "pm_1MtwBwLkdIwHu7ix28a3tqPa"}"#)]
    fn accepted(#[case] json: &str) {
        parsed(json).validate().unwrap();
    }

    #[rstest]
    #[case(r#"{"orderId": "$O"}"#, "Token must be provided")]
    #[case(
        r#"{"orderId": "$O", "token": "tok_visa", "paymentMethodId": "pm_card_visa"}"#,
        "either token or paymentMethodId"
    )]
    #[case(r#"{"orderId": "$O", "token": ""}"#, "Token must be one of Stripe's")]
    #[case(
        r#"{"orderId": "$O", "token": "tok_"}"#,
        "Token must be one of Stripe's"
    )]
    #[case(r#"{"orderId": "$O", "token": "pm_card_visa"}"#, "tok_…")]
    #[case(r#"{"orderId": "$O", "paymentMethodId": "pm_a/../b"}"#, "pm_…")]
    #[case(r#"{"orderId": "$O", "token": "tok_a b"}"#, "tok_…")]
    fn refused(#[case] json: &str, #[case] expected: &str) {
        let message = parsed(json).validate().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn forms() {
        let payment = Payment {
            id: forms::id(3),
            order_id: forms::id(2),
            user_id: forms::id(8),
            status: PaymentStatus::RequiresAction,
            message: "Your bank wants you to confirm the payment.".into(),
            amount: MajorUnits::from_minor(21_00, Currency::USD),
            currency: Currency::USD,
            stripe_id: Some("pi_3MtwBwLkdIwHu7ix28a3tqPa".into()),
            client_secret: Some(
                "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH".into(),
            ),
            version: 2,
            created_at: forms::time("2026-11-21T15:18:41.250Z"),
        };
        insta::assert_json_snapshot!("payment", payment);
        let config = PaymentConfig {
            publishable_key: "pk_test_simulated".into(),
            stripe_js: "/stripe-sim/v3/stripe.js".into(),
            simulated: true,
        };
        insta::assert_json_snapshot!("config", config);
    }
}
