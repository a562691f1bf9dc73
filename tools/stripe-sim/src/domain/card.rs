//! Stripe's test cards (<https://docs.stripe.com/testing>): what each does when it is charged.
//!
//! No other card is accepted: a number that is none of these belongs to somebody.

use serde::{Deserialize, Serialize};

use super::error::StripeError;

/// A test card.
#[derive(Debug, PartialEq, Eq)]
pub struct TestCard {
    /// The token is `tok_NAME`, the payment method `pm_card_NAME`.
    pub name: &'static str,
    /// Other names of the same.
    also: &'static [&'static str],
    /// Digits alone.
    number: &'static str,
    /// Visa and so on, as Stripe writes it.
    pub brand: &'static str,
    /// What happens when it is charged.
    pub behaviour: Behaviour,
}

/// What happens when a card is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It is.
    Succeeds,
    /// The bank says no.
    Declines(Decline),
    /// The bank asks the buyer first (3-D Secure).
    Authenticates,
    /// The bank asks the buyer first, and says no all the same.
    AuthenticatesThenDeclines(Decline),
}

/// Why a bank says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decline {
    code: &'static str,
    decline_code: Option<&'static str>,
    message: &'static str,
}

impl Decline {
    /// As Stripe tells it.
    #[must_use]
    pub fn error(self) -> StripeError {
        StripeError::card(self.code, self.decline_code, self.message)
    }
}

const fn declined(decline_code: &'static str) -> Decline {
    Decline {
        code: "card_declined",
        decline_code: Some(decline_code),
        message: "Your card was declined.",
    }
}

const fn refused(code: &'static str, message: &'static str) -> Decline {
    Decline {
        code,
        decline_code: None,
        message,
    }
}

const GENERIC: Decline = declined("generic_decline");
const INSUFFICIENT_FUNDS: Decline = Decline {
    code: "card_declined",
    decline_code: Some("insufficient_funds"),
    message: "Your card has insufficient funds.",
};
const EXPIRED: Decline = refused("expired_card", "Your card has expired.");
const INCORRECT_CVC: Decline = refused("incorrect_cvc", "Your card's security code is incorrect.");
const PROCESSING_ERROR: Decline = refused(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
);

const fn card(
    name: &'static str,
    also: &'static [&'static str],
    number: &'static str,
    brand: &'static str,
) -> TestCard {
    TestCard {
        name,
        also,
        number,
        brand,
        behaviour: Behaviour::Succeeds,
    }
}

const fn visa(
    name: &'static str,
    also: &'static [&'static str],
    number: &'static str,
    behaviour: Behaviour,
) -> TestCard {
    TestCard {
        name,
        also,
        number,
        brand: "visa",
        behaviour,
    }
}

/// Every card that there is.
pub static CARDS: [TestCard; 22] = [
    card("visa", &[], "4242424242424242", "visa"),
    card("visa_debit", &[], "4000056655665556", "visa"),
    card("mastercard", &[], "5555555555554444", "mastercard"),
    card("amex", &[], "378282246310005", "amex"),
    card("discover", &[], "6011111111111117", "discover"),
    card("diners", &[], "3056930009020004", "diners"),
    card("jcb", &[], "3566002020360505", "jcb"),
    card("unionpay", &[], "6200000000000005", "unionpay"),
    visa(
        "chargeDeclined",
        &["visa_chargeDeclined"],
        "4000000000000002",
        Behaviour::Declines(GENERIC),
    ),
    visa(
        "chargeDeclinedInsufficientFunds",
        &["visa_chargeDeclinedInsufficientFunds"],
        "4000000000009995",
        Behaviour::Declines(INSUFFICIENT_FUNDS),
    ),
    visa(
        "chargeDeclinedLostCard",
        &["visa_chargeDeclinedLostCard"],
        "4000000000009987",
        Behaviour::Declines(declined("lost_card")),
    ),
    visa(
        "chargeDeclinedStolenCard",
        &["visa_chargeDeclinedStolenCard"],
        "4000000000009979",
        Behaviour::Declines(declined("stolen_card")),
    ),
    visa(
        "chargeDeclinedFraudulent",
        &["visa_chargeDeclinedFraudulent"],
        "4100000000000019",
        Behaviour::Declines(declined("fraudulent")),
    ),
    visa(
        "chargeDeclinedVelocityLimitExceeded",
        &["visa_chargeDeclinedVelocityLimitExceeded"],
        "4000000000006975",
        Behaviour::Declines(declined("card_velocity_exceeded")),
    ),
    visa(
        "chargeDeclinedExpiredCard",
        &[],
        "4000000000000069",
        Behaviour::Declines(EXPIRED),
    ),
    visa(
        "chargeDeclinedIncorrectCvc",
        &[],
        "4000000000000127",
        Behaviour::Declines(INCORRECT_CVC),
    ),
    visa(
        "chargeDeclinedProcessingError",
        &[],
        "4000000000000119",
        Behaviour::Declines(PROCESSING_ERROR),
    ),
    visa(
        "threeDSecure2Required",
        &[],
        "4000000000003220",
        Behaviour::Authenticates,
    ),
    visa(
        "threeDSecureRequired",
        &[],
        "4000000000003063",
        Behaviour::Authenticates,
    ),
    visa(
        "authenticationRequired",
        &["authenticationRequiredOnSetup"],
        "4000002760003184",
        Behaviour::Authenticates,
    ),
    visa(
        "threeDSecureRequiredChargeDeclined",
        &[],
        "4000008400001629",
        Behaviour::AuthenticatesThenDeclines(GENERIC),
    ),
    visa(
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        &[],
        "4000008260003178",
        Behaviour::AuthenticatesThenDeclines(INSUFFICIENT_FUNDS),
    ),
];

/// A test card by reference: in the journal it is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Card(&'static TestCard);

impl Card {
    /// The card of `tok_NAME` or `pm_card_NAME`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is = |card: &&TestCard| card.name == name || card.also.contains(&name);
        CARDS.iter().find(is).map(Self)
    }

    /// The card with the number, which may have spaces.
    ///
    /// # Errors
    /// When the number is none, or no test card's.
    pub fn numbered(number: &str) -> Result<Self, StripeError> {
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if let Some(card) = CARDS.iter().find(|card| card.number == digits) {
            return Ok(Self(card));
        }
        let error = if is_valid(&digits) {
            StripeError::card(
                "card_declined",
                Some("test_mode_live_card"),
                "Your card was declined. Your request was in test mode, but used a non test (live) \
                 card. For a list of valid test cards, visit: https://docs.stripe.com/testing.",
            )
        } else {
            StripeError::card("incorrect_number", None, "Your card number is incorrect.")
        };
        Err(error.about("number"))
    }

    /// The last four digits.
    #[must_use]
    pub fn last4(self) -> &'static str {
        let number = self.0.number;
        &number[number.len() - 4..]
    }
}

impl std::ops::Deref for Card {
    type Target = TestCard;

    fn deref(&self) -> &TestCard {
        self.0
    }
}

impl TryFrom<String> for Card {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("there is no test card {name}"))
    }
}

impl From<Card> for &'static str {
    fn from(card: Card) -> Self {
        card.0.name
    }
}

/// Whether the last digit fits the others (ISO/IEC 7812, Luhn).
fn is_valid(digits: &str) -> bool {
    let mut sum = 0;
    for (position, digit) in digits.chars().rev().enumerate() {
        let Some(digit) = digit.to_digit(10) else {
            return false;
        };
        sum += match (position % 2, digit) {
            (0, digit) => digit,
            (_, digit @ 5..) => digit * 2 - 9,
            (_, digit) => digit * 2,
        };
    }
    (12..=19).contains(&digits.len()) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_card_has_a_number_and_names_of_its_own() {
        let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
        for card in &CARDS {
            assert!(is_valid(card.number), "{}", card.name);
            assert!(numbers.insert(card.number), "{}", card.name);
            for name in [card.name].iter().chain(card.also) {
                assert!(names.insert(*name), "{name}");
                assert_eq!(Card::named(name), Some(Card(card)));
            }
        }
    }

    #[test]
    fn a_number_may_have_spaces() {
        let card = Card::numbered("4000 0000 0000 9995").unwrap();
        assert_eq!(card.name, "chargeDeclinedInsufficientFunds");
        assert_eq!(card.last4(), "9995");
    }

    #[test]
    fn no_other_card_is_accepted() {
        for (number, code) in [
            ("4242424242424241", "incorrect_number"),
            ("", "incorrect_number"),
            ("4242", "incorrect_number"),
            ("abcdabcdabcdabcd", "incorrect_number"),
            ("4539578763621486", "card_declined"),
        ] {
            let error = Card::numbered(number).unwrap_err();
            assert_eq!(error.code.as_deref(), Some(code), "{number}");
        }
    }

    #[test]
    fn the_journal_knows_cards_by_name() {
        let card = Card::named("visa_chargeDeclined").unwrap();
        let json = serde_json::to_string(&card).unwrap();
        assert_eq!(json, r#""chargeDeclined""#);
        assert_eq!(serde_json::from_str::<Card>(&json).unwrap(), card);
        assert!(serde_json::from_str::<Card>(r#""unknown""#).is_err());
    }
}
