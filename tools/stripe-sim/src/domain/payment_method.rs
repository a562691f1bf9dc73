//! Payment methods and tokens: a card that somebody has typed in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{card::Card, error::StripeError, id};

/// A card, in the form in which it can be charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// `pm_…`.
    pub id: String,
    /// What it is made of.
    pub details: CardDetails,
    /// Seconds since 1970.
    pub created: i64,
    /// It has been charged. Stripe charges one that belongs to no customer once.
    pub used: bool,
}

/// A card, in the form in which Stripe.js hands it over. Good for one payment method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// `tok_…`.
    pub id: String,
    /// What it is made of.
    pub details: CardDetails,
    /// Seconds since 1970.
    pub created: i64,
    /// A payment method was made of it.
    pub used: bool,
}

/// What the buyer has typed in, without the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDetails {
    /// Which test card.
    pub card: Card,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// The name on it, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl CardDetails {
    /// A card that is named instead of typed in: valid until 2040.
    #[must_use]
    pub fn named(card: Card) -> Self {
        Self {
            card,
            exp_month: 12,
            exp_year: 2040,
            name: None,
        }
    }

    /// Checks what was typed in, at the time `now` (seconds since 1970).
    ///
    /// # Errors
    /// In words for the buyer.
    pub fn typed(
        number: &str,
        exp_month: i64,
        exp_year: i64,
        cvc: Option<&str>,
        now: i64,
    ) -> Result<Self, StripeError> {
        let card = Card::numbered(number)?;
        let invalid = |code, message, param: &'static str| {
            Err(StripeError::card(code, None, message).about(param))
        };
        // Years are written with two digits as well.
        let exp_year = if exp_year < 100 {
            exp_year + 2000
        } else {
            exp_year
        };
        if !(1..=12).contains(&exp_month) {
            let message = "Your card's expiration month is invalid.";
            return invalid("invalid_expiry_month", message, "exp_month");
        }
        if exp_year > 2100 || is_past(exp_year, exp_month, now) {
            let message = "Your card's expiration year is invalid.";
            return invalid("invalid_expiry_year", message, "exp_year");
        }
        let digits = |cvc: &str| {
            (3..=4).contains(&cvc.len()) && cvc.bytes().all(|digit| digit.is_ascii_digit())
        };
        if cvc.is_some_and(|cvc| !digits(cvc)) {
            let message = "Your card's security code is invalid.";
            return invalid("invalid_cvc", message, "cvc");
        }
        Ok(Self {
            card,
            exp_month,
            exp_year,
            name: None,
        })
    }

    fn form(&self) -> Value {
        json!({
            "brand": self.card.brand,
            "checks": {
                "address_line1_check": null,
                "address_postal_code_check": null,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": self.card.brand,
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "funding": "credit",
            "last4": self.card.last4(),
            "networks": {"available": [self.card.brand], "preferred": null},
            "three_d_secure_usage": {"supported": true},
            "wallet": null,
        })
    }
}

/// A card is good until the end of its month. Days are enough to tell: a month more or less at
/// midnight concerns no test.
fn is_past(year: i64, month: i64, now: i64) -> bool {
    /// Of a mean Gregorian month.
    const SECONDS: i64 = 2_629_746;
    let months = (year - 1970) * 12 + month;
    months * SECONDS < now
}

impl PaymentMethod {
    /// A new one.
    #[must_use]
    pub fn new(details: CardDetails, created: i64) -> Self {
        Self {
            id: id::new("pm"),
            details,
            created,
            used: false,
        }
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn form(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(self.details.name.as_deref()),
            "card": self.details.form(),
            "created": self.created,
            "customer": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }
}

impl Token {
    /// A new one.
    #[must_use]
    pub fn new(details: CardDetails, created: i64) -> Self {
        Self {
            id: id::new("tok"),
            details,
            created,
            used: false,
        }
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn form(&self) -> Value {
        let mut card = self.details.form();
        card["id"] = json!(self.id.replacen("tok_", "card_", 1));
        card["object"] = json!("card");
        json!({
            "id": self.id,
            "object": "token",
            "card": card,
            "created": self.created,
            "livemode": false,
            "type": "card",
            "used": self.used,
        })
    }
}

/// What is known of the card's owner: the name at most.
#[must_use]
pub fn billing_details(name: Option<&str>) -> Value {
    json!({
        "address": {
            "city": null, "country": null, "line1": null, "line2": null,
            "postal_code": null, "state": null,
        },
        "email": null,
        "name": name,
        "phone": null,
        "tax_id": null,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The end of November 2026.
    const NOW: i64 = 1_795_000_000;

    #[rstest]
    #[case(12, 2026, Some("123"), None)]
    #[case(1, 27, Some("1234"), None)]
    #[case(12, 2034, None, None)]
    #[case(13, 2034, Some("123"), Some("invalid_expiry_month"))]
    #[case(0, 2034, Some("123"), Some("invalid_expiry_month"))]
    #[case(9, 2026, Some("123"), Some("invalid_expiry_year"))]
    #[case(12, 20_340, Some("123"), Some("invalid_expiry_year"))]
    #[case(12, 2034, Some("12"), Some("invalid_cvc"))]
    #[case(12, 2034, Some("abc"), Some("invalid_cvc"))]
    fn what_is_typed_in(
        #[case] month: i64,
        #[case] year: i64,
        #[case] cvc: Option<&str>,
        #[case] expected: Option<&str>,
    ) {
        let typed = CardDetails::typed("4242 4242 4242 4242", month, year, cvc, NOW);
        let code = typed.err().and_then(|error| error.code);
        assert_eq!(code.as_deref(), expected);
    }
}
