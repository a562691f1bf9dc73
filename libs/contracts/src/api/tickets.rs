//! tickets: what sellers put up.

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ids::{OrderId, TicketId, UserId},
    money::{Currency, MajorUnits},
};

/// The most characters of a title.
pub const TITLE_MAX_LENGTH: usize = 200;

/// The most that a ticket, or an order in all, may cost, in minor units: what Stripe accepts as an amount
/// ("up to eight digits").
pub const MAX_AMOUNT: i64 = 99_999_999;

/// The most of one ticket.
pub const MAX_CAPACITY: i32 = 1_000_000;

/// `POST /api/tickets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewTicket {
    /// What buyers read: 1 to 200 characters.
    #[garde(custom(valid_title))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Of one, above 0.
    #[garde(custom(valid_price(self.currency.unwrap_or_default())))]
    pub price: MajorUnits,
    /// What the price is in; USD if nothing is said. It can't be changed later.
    #[garde(skip)]
    #[serde(default)]
    pub currency: Option<Currency>,
    /// How many there are: 1, a seat, if nothing is said.
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub capacity: Option<i32>,
    /// The most in one order; no limit if nothing is said.
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_per_order: Option<i32>,
    /// The most that one person may have; no limit if nothing is said.
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_per_person: Option<i32>,
}

/// `PUT /api/tickets/{id}`: the ticket as it is to be. What is left out of `currency` and `capacity` stays;
/// limits that are left out are lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketEdit {
    /// As in [`NewTicket`].
    #[garde(custom(valid_title))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// As in [`NewTicket`]; checked against the ticket's currency.
    #[garde(skip)]
    pub price: MajorUnits,
    /// Must be the ticket's, if it is there.
    #[garde(skip)]
    #[serde(default)]
    pub currency: Option<Currency>,
    /// As in [`NewTicket`]. What is held or sold stays so, however low this is.
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub capacity: Option<i32>,
    /// As in [`NewTicket`].
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_per_order: Option<i32>,
    /// As in [`NewTicket`].
    #[garde(custom(valid_count))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_per_person: Option<i32>,
    /// The version that was edited: if the ticket has another one by now, nothing is changed. `If-Match`
    /// does the same.
    #[garde(skip)]
    #[serde(default)]
    pub version: Option<i64>,
}

/// A ticket as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Never changes.
    pub id: TicketId,
    /// What buyers read.
    pub title: String,
    /// Of one, in major units of `currency`.
    pub price: MajorUnits,
    /// What the price is in.
    pub currency: Currency,
    /// The seller.
    pub user_id: UserId,
    /// Counts the seller's edits.
    pub version: i64,
    /// How many there are in all.
    pub capacity: i32,
    /// How many open orders hold.
    pub held: i32,
    /// How many are paid.
    pub sold: i32,
    /// How many are free: `capacity - held - sold`.
    pub available: i32,
    /// When the next hold ends, if there is one: some may come back then.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::time::optional"
    )]
    pub next_release_at: Option<DateTime<Utc>>,
    /// The most in one order, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// The most that one person may have, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_person: Option<i32>,
    /// Who has it, if the capacity is 1 and it is reserved or sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// When it was put up.
    #[serde(with = "crate::time")]
    pub created_at: DateTime<Utc>,
    /// When its seller last edited it.
    #[serde(with = "crate::time")]
    pub updated_at: DateTime<Utc>,
}

/// The price in minor units.
///
/// # Errors
/// In words for a person, when it is no amount of the currency, not above 0 or above [`MAX_AMOUNT`].
pub fn price_in_minor(price: MajorUnits, currency: Currency) -> Result<i64, String> {
    match price.to_minor(currency) {
        Ok(0) => Err("Price must be greater than 0".to_owned()),
        Ok(minor) if minor > MAX_AMOUNT => Err("Price is too large".to_owned()),
        Ok(minor) => Ok(minor),
        Err(error) => Err(format!("Price {error}")),
    }
}

fn valid_price(currency: Currency) -> impl Fn(&MajorUnits, &()) -> garde::Result {
    move |price, ()| {
        price_in_minor(*price, currency)
            .map(drop)
            .map_err(garde::Error::new)
    }
}

fn valid_title(title: &str, _: &()) -> garde::Result {
    let length = title.trim().chars().count();
    if length == 0 {
        Err(garde::Error::new("Title is required"))
    } else if length > TITLE_MAX_LENGTH {
        let message = format!("Title must have at most {TITLE_MAX_LENGTH} characters");
        Err(garde::Error::new(message))
    } else if title.chars().any(char::is_control) {
        Err(garde::Error::new("Title must be plain text on one line"))
    } else {
        Ok(())
    }
}

pub(crate) fn valid_count(count: &Option<i32>, _: &()) -> garde::Result {
    match count {
        Some(count) if !(1..=MAX_CAPACITY).contains(count) => Err(garde::Error::new(format!(
            "Must be between 1 and {MAX_CAPACITY}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::events::forms;

    fn message(json: &str) -> Option<String> {
        let ticket: NewTicket = serde_json::from_str(json).unwrap();
        ticket.validate().err().map(|report| report.to_string())
    }

    #[rstest]
    #[case(r#"{"title": "Row 7", "price": 10.5}"#)]
    #[case(r#"{"title": "Row 7", "price": "10.50"}"#)]
    #[case(r#"{"title": " Row 7 ", "price": 1000, "currency": "JPY", "capacity": 20000}"#)]
    #[case(r#"{"title": "x", "price": 0.01, "maxPerOrder": 4, "maxPerPerson": 1000000}"#)]
    fn accepted(#[case] json: &str) {
        assert_eq!(message(json), None);
    }

    #[rstest]
    #[case(r#"{"title": "", "price": 1}"#, "Title is required")]
    #[case(r#"{"title": " ", "price": 1}"#, "Title is required")]
    #[case(r#"{"title": "a\nb", "price": 1}"#, "Title must be plain text")]
    #[case(r#"{"title": "x", "price": 0}"#, "Price must be greater than 0")]
    #[case(r#"{"title": "x", "price": -1}"#, "Price must not be negative")]
    #[case(
        r#"{"title": "x", "price": 1.005}"#,
        "Price must not have more than 2 decimals in USD"
    )]
    #[case(
        r#"{"title": "x", "price": 1.5, "currency": "JPY"}"#,
        "Price must not have more than 0 decimals in JPY"
    )]
    #[case(r#"{"title": "x", "price": 1000000}"#, "Price is too large")]
    #[case(
        r#"{"title": "x", "price": 1, "capacity": 0}"#,
        "Must be between 1 and 1000000"
    )]
    #[case(
        r#"{"title": "x", "price": 1, "maxPerOrder": 1000001}"#,
        "Must be between 1 and 1000000"
    )]
    #[case(
        r#"{"title": "x", "price": 1, "maxPerPerson": -3}"#,
        "Must be between 1 and 1000000"
    )]
    fn refused(#[case] json: &str, #[case] expected: &str) {
        let message = message(json).expect("it is refused");
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_title_of_201_characters_is_refused() {
        let json = |length| format!(r#"{{"title": "{}", "price": 1}}"#, "ü".repeat(length));
        assert_eq!(message(&json(200)), None);
        assert!(message(&json(201)).is_some());
    }

    #[test]
    fn forms() {
        let seat = Ticket {
            id: forms::id(1),
            title: "Row 7, seat 12".into(),
            price: MajorUnits::from_minor(10_50, Currency::USD),
            currency: Currency::USD,
            user_id: forms::id(9),
            version: 2,
            capacity: 1,
            held: 1,
            sold: 0,
            available: 0,
            next_release_at: Some(forms::time("2026-11-21T15:33:41.250Z")),
            max_per_order: Some(1),
            max_per_person: Some(1),
            order_id: Some(forms::id(2)),
            created_at: forms::time("2026-11-21T15:18:41.250Z"),
            updated_at: forms::time("2026-11-21T15:19:00.000Z"),
        };
        insta::assert_json_snapshot!("ticket", seat);
        let free = Ticket {
            held: 0,
            available: 1,
            next_release_at: None,
            max_per_order: None,
            max_per_person: None,
            order_id: None,
            ..seat
        };
        insta::assert_json_snapshot!("free_ticket", free);
    }
}
