//! What the services refuse with, in the visitor's language. They speak English (docs/API.md); what is not
//! known here is shown as it came.

use actix_web::http::StatusCode;

use crate::{clients::ClientError, text::Text};

/// Why something was not done, in a sentence.
#[must_use]
pub fn words(t: Text, error: &ClientError) -> String {
    let said = |id| t.text(id).into_owned();
    match (error, error.message()) {
        (ClientError::Unavailable { .. }, _) => said("refusal-unreachable"),
        (_, _) if error.status() == Some(StatusCode::TOO_MANY_REQUESTS) => said("refusal-too-many"),
        (_, Some(message)) => known(t, message).unwrap_or_else(|| message.to_owned()),
        (_, None) => said("refusal-unreachable"),
    }
}

/// Whether it was not done because of what they have ordered before.
#[must_use]
pub fn is_for_orders(error: &ClientError) -> bool {
    let message = error.message().unwrap_or_default();
    message.contains(" per person, and you have ")
}

fn known(t: Text, message: &str) -> Option<String> {
    let id = match message {
        "Ticket is already reserved" => "refusal-reserved",
        "Sold out" => "refusal-sold-out",
        "All are reserved at the moment" => "refusal-all-held",
        "Email in use" => "refusal-email-in-use",
        "Invalid credentials" => "refusal-credentials",
        "Cannot edit a reserved ticket" => "refusal-edit-reserved",
        "Cannot withdraw a ticket while some of it is held or sold" => "refusal-withdraw-taken",
        "The ticket was edited meanwhile" => "refusal-edited-meanwhile",
        "The order is being paid" => "refusal-being-paid",
        "The order is complete" => "refusal-complete",
        _ => return with_numbers(t, message),
    };
    Some(t.text(id).into_owned())
}

fn with_numbers(t: Text, message: &str) -> Option<String> {
    let number = |text: &str| text.parse::<i64>().ok();
    if let Some(count) = between(message, "Only ", " left") {
        return Some(t.with("refusal-only-left", "count", number(count)?));
    }
    if let Some(limit) = between(message, "At most ", " in one order") {
        return Some(t.with("refusal-per-order", "limit", number(limit)?));
    }
    if let Some(both) = between(message, "At most ", "") {
        let (limit, count) = both.split_once(" per person, and you have ")?;
        let (limit, count) = (number(limit)?, number(count)?);
        return Some(t.with2("refusal-per-person", "limit", limit, "count", count));
    }
    let (price, currency) = between(message, "The price has changed to ", "")?.split_once(' ')?;
    let price = t.money(
        price
            .parse::<ticketing_contracts::money::MajorUnits>()
            .ok()?,
        currency
            .parse::<ticketing_contracts::money::Currency>()
            .ok()?,
    );
    Some(t.with("refusal-price-changed", "price", price))
}

fn between<'m>(message: &'m str, begin: &str, end: &str) -> Option<&'m str> {
    message.strip_prefix(begin)?.strip_suffix(end)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ticketing_contracts::api::problem::ErrorItem;

    use super::*;
    use crate::visit::Language;

    fn refused(message: &str) -> ClientError {
        ClientError::Refused {
            status: StatusCode::CONFLICT,
            errors: vec![ErrorItem {
                message: message.to_owned(),
                field: None,
            }],
            retry_after: None,
        }
    }

    #[rstest]
    #[case("Sold out", "Ausverkauft.")]
    #[case(
        "Ticket is already reserved",
        "Jemand anderes hat es reserviert. Ohne Zahlung wird es wieder frei."
    )]
    #[case("Only 3 left", "Nur noch 3 sind da.")]
    #[case("At most 4 in one order", "Höchstens 4 pro Bestellung.")]
    #[case(
        "At most 4 per person, and you have 2",
        "Höchstens 4 pro Person, und 2 sind es schon."
    )]
    #[case(
        "The price has changed to 12.5 USD",
        "Der Preis ist gerade auf 12,50\u{a0}$ geändert worden. Bitte noch einmal ansehen."
    )]
    #[case("Something else altogether", "Something else altogether")]
    #[case("At most 4 of everything", "At most 4 of everything")]
    fn in_german(#[case] message: &str, #[case] expected: &str) {
        assert_eq!(
            words(Text::new(Language::German), &refused(message)),
            expected
        );
    }

    #[test]
    fn other_orders_are_why() {
        let one = refused("At most 4 per person, and you have 2");
        assert!(is_for_orders(&one));
        assert!(!is_for_orders(&refused("At most 4 in one order")));
    }

    #[test]
    fn nobody_answers() {
        let error = ClientError::Unavailable {
            service: "orders",
            cause: "connection refused: 10.0.0.1".to_owned(),
        };
        let said = words(Text::new(Language::English), &error);
        assert!(!said.contains("10.0.0.1"), "{said}");
        assert!(said.contains("does not answer"), "{said}");
    }
}
