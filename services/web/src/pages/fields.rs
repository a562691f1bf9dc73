//! The fields of an offer, as a form has them: as text, with what is wrong beside each.

use serde::Deserialize;
use ticketing_contracts::{
    api::{
        problem::ErrorItem,
        tickets::{MAX_CAPACITY, NewTicket, TITLE_MAX_LENGTH, Ticket, TicketEdit},
    },
    money::{Currency, MajorUnits},
};

use crate::{text::Text, visit::Language};

/// What can be chosen from. The API takes every currency of ISO 4217.
pub const CURRENCIES: [&str; 12] = [
    "USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK",
];

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// What was typed in.
    pub value: String,
    /// What is wrong with it, in words; empty when nothing is.
    pub wrong: String,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub(super) title: Field,
    pub(super) price: Field,
    pub(super) currency: Field,
    pub(super) capacity: Field,
    pub(super) max_per_order: Field,
    pub(super) max_per_person: Field,
}

/// What the form sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Typed {
    title: String,
    price: String,
    currency: String,
    capacity: String,
    max_per_order: String,
    max_per_person: String,
}

/// What it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meant {
    title: String,
    price: MajorUnits,
    currency: Option<Currency>,
    capacity: Option<i32>,
    max_per_order: Option<i32>,
    max_per_person: Option<i32>,
}

impl Field {
    /// One with this in it.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            wrong: String::new(),
        }
    }

    /// Whether something is wrong with it.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }
}

impl Fields {
    /// Those of a new offer.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            currency: Field::new(Currency::default().code()),
            capacity: Field::new("1"),
            ..Self::default()
        }
    }

    /// Those of a ticket.
    #[must_use]
    pub fn of(ticket: &Ticket, language: Language) -> Self {
        let limit = |limit: Option<i32>| {
            Field::new(limit.map(|limit| limit.to_string()).unwrap_or_default())
        };
        Self {
            title: Field::new(&ticket.title),
            price: Field::new(price_text(ticket.price, ticket.currency, language)),
            currency: Field::new(ticket.currency.code()),
            capacity: Field::new(ticket.capacity.to_string()),
            max_per_order: limit(ticket.max_per_order),
            max_per_person: limit(ticket.max_per_person),
        }
    }

    /// As they were typed in.
    #[must_use]
    pub fn typed(typed: &Typed) -> Self {
        Self {
            title: Field::new(&typed.title),
            price: Field::new(&typed.price),
            currency: Field::new(&typed.currency),
            capacity: Field::new(&typed.capacity),
            max_per_order: Field::new(&typed.max_per_order),
            max_per_person: Field::new(&typed.max_per_person),
        }
    }

    /// Says at the fields what tickets says about them. `false` when none of it is about a field.
    pub fn blame(&mut self, t: Text, errors: &[ErrorItem]) -> bool {
        let mut any = false;
        for name in errors.iter().filter_map(|error| error.field.as_deref()) {
            any |= self.blame_one(t, name);
        }
        any
    }

    fn blame_one(&mut self, t: Text, name: &str) -> bool {
        let (field, id) = match name {
            "title" => (&mut self.title, "sell-name-wrong"),
            "price" => (&mut self.price, "sell-price-wrong"),
            "currency" => (&mut self.currency, "sell-currency-wrong"),
            "capacity" => (&mut self.capacity, "sell-capacity-wrong"),
            "maxPerOrder" => (&mut self.max_per_order, "sell-limit-wrong"),
            "maxPerPerson" => (&mut self.max_per_person, "sell-limit-wrong"),
            _ => return false,
        };
        field.wrong = t.text(id).into_owned();
        true
    }
}

impl Typed {
    /// A new ticket; or the fields, with what can't be read.
    ///
    /// # Errors
    /// With the fields.
    pub fn new_ticket(&self, t: Text) -> Result<NewTicket, Box<Fields>> {
        let meant = self.meant(t)?;
        Ok(NewTicket {
            title: meant.title,
            price: meant.price,
            currency: meant.currency,
            capacity: meant.capacity,
            max_per_order: meant.max_per_order,
            max_per_person: meant.max_per_person,
        })
    }

    /// An edit of a ticket's `version`; or the fields, with what can't be read.
    ///
    /// # Errors
    /// With the fields.
    pub fn edit(&self, t: Text, version: Option<i64>) -> Result<TicketEdit, Box<Fields>> {
        let meant = self.meant(t)?;
        Ok(TicketEdit {
            title: meant.title,
            price: meant.price,
            currency: None,
            capacity: meant.capacity,
            max_per_order: meant.max_per_order,
            max_per_person: meant.max_per_person,
            version,
        })
    }

    fn meant(&self, t: Text) -> Result<Meant, Box<Fields>> {
        let mut fields = Fields::typed(self);
        let mut fine = true;
        let mut wrong = |name: &str| {
            fine = false;
            fields.blame_one(t, name);
        };
        let mut number = |text: &str, name: &str| -> Option<i32> {
            let text = text.trim();
            let number = text.parse().ok();
            let number = number.filter(|number| (1..=MAX_CAPACITY).contains(number));
            if number.is_none() && !text.is_empty() {
                wrong(name);
            }
            number
        };
        let capacity = number(&self.capacity, "capacity");
        let max_per_order = number(&self.max_per_order, "maxPerOrder");
        let max_per_person = number(&self.max_per_person, "maxPerPerson");
        if !(1..=TITLE_MAX_LENGTH).contains(&self.title.trim().chars().count()) {
            wrong("title");
        }
        let price = price_of(&self.price, t.language());
        if price.is_none() {
            wrong("price");
        }
        let currency = self.currency.parse().ok();
        if currency.is_none() && !self.currency.is_empty() {
            wrong("currency");
        }
        match price {
            Some(price) if fine => Ok(Meant {
                title: self.title.trim().to_owned(),
                price,
                currency,
                capacity,
                max_per_order,
                max_per_person,
            }),
            _ => Err(Box::new(fields)),
        }
    }
}

/// A price as it is written in the language: `1.234,50` in German, `1,234.50` in English. The other's
/// decimal mark is understood as well, where it can't mean thousands.
fn price_of(text: &str, language: Language) -> Option<MajorUnits> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (mark, group) = match language {
        Language::English => ('.', ','),
        Language::German => (',', '.'),
    };
    let thousands = |text: &str| {
        let mut parts = text.split(group);
        let first = parts.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3)
    };
    let (whole, decimals) = text.split_once(mark).unwrap_or((&text, ""));
    let plain = if thousands(whole) {
        let whole: String = whole.chars().filter(|c| *c != group).collect();
        if decimals.is_empty() {
            whole
        } else {
            format!("{whole}.{decimals}")
        }
    } else {
        text.replace([mark, group], ".")
    };
    plain.parse().ok()
}

/// With all its decimals: `12.50`.
fn price_text(price: MajorUnits, currency: Currency, language: Language) -> String {
    let text = price.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let text = match usize::from(currency.decimals()) {
        0 => text,
        decimals => format!("{whole}.{fraction:0<decimals$}"),
    };
    match language {
        Language::English => text,
        Language::German => text.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12.50", Language::English, Some("12.5"))]
    #[case(" 12 ", Language::English, Some("12"))]
    #[case("12,50", Language::English, Some("12.5"))]
    #[case("1,234.50", Language::English, Some("1234.5"))]
    #[case("1,234", Language::English, Some("1234"))]
    #[case("12,50", Language::German, Some("12.5"))]
    #[case("12.50", Language::German, Some("12.5"))]
    #[case("1.234,50", Language::German, Some("1234.5"))]
    #[case("1 234,50", Language::German, Some("1234.5"))]
    #[case("1.234", Language::German, Some("1234"))]
    #[case("", Language::English, None)]
    #[case("free", Language::English, None)]
    #[case("1.2.3", Language::English, None)]
    #[case("$12", Language::English, None)]
    #[case("1e9", Language::English, None)]
    fn prices(#[case] text: &str, #[case] language: Language, #[case] expected: Option<&str>) {
        let price = price_of(text, language).map(|price| price.to_string());
        assert_eq!(price.as_deref(), expected);
    }

    #[rstest]
    #[case(10_50, "USD", "10.50", "10,50")]
    #[case(10_00, "USD", "10.00", "10,00")]
    #[case(1_000, "JPY", "1000", "1000")]
    #[case(1_500, "KWD", "1.500", "1,500")]
    fn prices_to_edit(
        #[case] minor: i64,
        #[case] currency: &str,
        #[case] english: &str,
        #[case] german: &str,
    ) {
        let currency = currency.parse().unwrap();
        let price = MajorUnits::from_minor(minor, currency);
        assert_eq!(price_text(price, currency, Language::English), english);
        assert_eq!(price_text(price, currency, Language::German), german);
    }

    fn typed() -> Typed {
        Typed {
            title: " Evensong ".to_owned(),
            price: "10.50".to_owned(),
            currency: "EUR".to_owned(),
            capacity: "20".to_owned(),
            max_per_order: String::new(),
            max_per_person: "4".to_owned(),
        }
    }

    #[test]
    fn what_is_meant() {
        let ticket = typed().new_ticket(Text::new(Language::English)).unwrap();
        assert_eq!(ticket.title, "Evensong");
        assert_eq!(ticket.price.to_string(), "10.5");
        assert_eq!(ticket.currency.map(Currency::code), Some("EUR"));
        assert_eq!(ticket.capacity, Some(20));
        assert_eq!(ticket.max_per_order, None);
        assert_eq!(ticket.max_per_person, Some(4));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_and_what_was_typed_stays() {
        let typed = Typed {
            title: "  ".to_owned(),
            price: "ten".to_owned(),
            capacity: "many".to_owned(),
            ..typed()
        };
        let fields = typed.new_ticket(Text::new(Language::English)).unwrap_err();
        for field in [&fields.title, &fields.price, &fields.capacity] {
            assert!(field.is_wrong(), "{field:?}");
        }
        assert!(!fields.max_per_person.is_wrong());
        assert_eq!(fields.price.value, "ten");
    }

    #[test]
    fn what_tickets_says_stands_at_its_field() {
        let mut fields = Fields::empty();
        let about = |field: &str| ErrorItem {
            message: "no".to_owned(),
            field: Some(field.to_owned()),
        };
        let t = Text::new(Language::English);
        assert!(fields.blame(t, &[about("maxPerOrder")]));
        assert!(fields.max_per_order.is_wrong());
        assert!(!fields.blame(t, &[about("something")]));
    }
}
