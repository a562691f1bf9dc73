//! What several pages show: a ticket's number, its colour, what is left of it.

use askama::Template;
use chrono::{DateTime, Utc};
use ticketing_contracts::{
    api::tickets::Ticket, events::orders::Inventory, ids::TicketId, time::to_text,
};
use uuid::Uuid;

use crate::{text::Text, visit::Language};

/// How many colours tickets are printed in: `.ink-0` and so on in `static/app.css`.
const INKS: u8 = 6;

/// Up to so many left is a reason to hurry.
const FEW: i32 = 5;

/// The colour of a ticket: always the same for the same one.
#[must_use]
pub fn ink(ticket: TicketId) -> u8 {
    // The end of a UUIDv7 is random.
    ticket.0.as_bytes()[15] % INKS
}

/// A number for people: short, and different enough to tell two apart.
#[must_use]
pub fn serial(id: Uuid) -> String {
    let text = id.simple().to_string().to_uppercase();
    format!("{}-{}", &text[24..28], &text[28..])
}

/// A price as it stands on a stub, which is narrow: there it may break between its number and its currency.
#[derive(Debug)]
pub struct StubPrice {
    /// With a space where it may break.
    pub(super) text: String,
    /// How small its letters have to be, as `static/app.css` names it.
    pub(super) size: &'static str,
}

impl StubPrice {
    /// Of a price as the language writes it.
    #[must_use]
    pub fn new(price: &str) -> Self {
        let text = price.replace('\u{a0}', " ");
        let widest = text.split(' ').map(|part| part.chars().count()).max();
        let size = match widest {
            Some(10..) => "longer",
            Some(8..) => "long",
            _ => "short",
        };
        Self { text, size }
    }
}

/// A title as it is shown: no line of it begins with the dot between two parts.
#[must_use]
pub fn shown_title(title: &str) -> String {
    title.replace(" · ", "\u{a0}· ")
}

/// A title that needs smaller letters to stand on a ticket as wide as the page.
#[must_use]
pub fn is_long_title(title: &str) -> bool {
    title.chars().count() > 36
}

/// How long it is until then, in whole minutes and in words.
#[must_use]
pub fn minutes_until(t: Text, then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (then - now).num_seconds();
    if seconds > 0 {
        let minutes = seconds.unsigned_abs().div_ceil(60);
        t.with("stock-minutes", "count", minutes)
    } else {
        t.text("stock-any-moment").into_owned()
    }
}

/// What is left of a ticket, in a sentence. It comes with the page, and again by itself as it changes.
#[derive(Debug, Clone, Template)]
#[template(path = "part/stock.html")]
pub struct Stock {
    t: Text,
    /// Of the stock; 0 when it came with a ticket, which does not tell.
    version: i64,
    capacity: i32,
    held: i32,
    sold: i32,
    next_release_at: Option<DateTime<Utc>>,
    /// For how long that is from now. Unknown when everybody is told at once: the browser's clock tells.
    now: Option<DateTime<Utc>>,
}

impl Stock {
    /// That of a ticket.
    #[must_use]
    pub fn of(t: Text, ticket: &Ticket, now: DateTime<Utc>) -> Self {
        Self {
            t,
            version: 0,
            capacity: ticket.capacity,
            held: ticket.held,
            sold: ticket.sold,
            next_release_at: ticket.next_release_at,
            now: Some(now),
        }
    }

    /// As the event tells it, in one language for all who read it.
    #[must_use]
    pub fn live(inventory: &Inventory, language: Language) -> String {
        let stock = Self {
            t: Text::new(language),
            version: inventory.version,
            capacity: inventory.capacity,
            held: inventory.held,
            sold: inventory.sold,
            next_release_at: inventory.next_release_at,
            now: None,
        };
        stock.render().unwrap_or_else(|error| {
            tracing::error!(%error, "a stock could not be rendered");
            String::new()
        })
    }

    /// How many can be had.
    #[must_use]
    pub fn free(&self) -> i32 {
        (self.capacity - self.held - self.sold).max(0)
    }

    /// As the page names its look: `free`, `few`, `held` or `sold`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.free() {
            0 if self.held > 0 => "held",
            0 => "sold",
            free if free <= FEW && free < self.capacity => "few",
            _ => "free",
        }
    }

    fn words(&self) -> String {
        let free = self.free();
        match self.kind() {
            "held" => self.t.text("stock-held").into_owned(),
            "sold" => self.t.text("stock-sold").into_owned(),
            _ if self.capacity == 1 => self.t.text("stock-one").into_owned(),
            "few" => self.t.with("stock-few", "count", free),
            _ => self.t.with("stock-left", "count", free),
        }
    }

    /// Nothing is free, and something may be again.
    fn waits(&self) -> bool {
        self.kind() == "held"
    }

    fn release(&self) -> String {
        self.next_release_at.map(to_text).unwrap_or_default()
    }

    /// For how long, in words. Nothing when no end of a hold is known.
    fn minutes(&self) -> Option<String> {
        let release = self.next_release_at?;
        let Some(now) = self.now else {
            return Some("…".to_owned());
        };
        Some(minutes_until(self.t, release, now))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::pages::samples;

    #[rstest]
    #[case::untouched(20, 0, 0, "free", "20 left")]
    #[case::a_seat(1, 0, 0, "free", "Still available")]
    #[case::two_of_two(2, 0, 0, "free", "2 left")]
    #[case::few(20, 10, 5, "few", "Only 5 left")]
    #[case::one(20, 10, 9, "few", "Only 1 left")]
    #[case::many(20_000, 0, 10, "free", "19,990 left")]
    #[case::held(20, 8, 12, "held", "Sold out for now")]
    #[case::a_held_seat(1, 1, 0, "held", "Sold out for now")]
    #[case::sold(20, 0, 20, "sold", "Sold out")]
    #[case::behind(20, 15, 10, "held", "Sold out for now")]
    fn in_words(
        #[case] capacity: i32,
        #[case] held: i32,
        #[case] sold: i32,
        #[case] kind: &str,
        #[case] words: &str,
    ) {
        let stock = Stock {
            t: Text::new(Language::English),
            version: 0,
            capacity,
            held,
            sold,
            next_release_at: None,
            now: Some(samples::now()),
        };
        assert_eq!((stock.kind(), &*stock.words()), (kind, words));
    }

    #[rstest]
    #[case(Some(14 * 60), "14 min")]
    #[case(Some(13 * 60 + 1), "14 min")]
    #[case(Some(1), "1 min")]
    #[case(Some(0), "a moment")]
    #[case(Some(-5), "a moment")]
    #[case(None, "held, may come back")]
    fn when_some_may_come_back(#[case] seconds: Option<i64>, #[case] expected: &str) {
        let now = samples::now();
        let stock = Stock {
            t: Text::new(Language::English),
            version: 7,
            capacity: 20,
            held: 8,
            sold: 12,
            next_release_at: seconds.map(|seconds| now + chrono::TimeDelta::seconds(seconds)),
            now: Some(now),
        };
        let html = stock.render().unwrap();
        assert!(html.contains("8 held"), "{html}");
        assert!(html.contains(expected), "{html}");
        assert!(html.contains(r#"data-version="7""#), "{html}");
    }

    #[rstest]
    #[case("$10.50", "$10.50", "short")]
    #[case("¥999,999", "¥999,999", "long")]
    #[case("$1,250.00", "$1,250.00", "long")]
    #[case("$999,999.99", "$999,999.99", "longer")]
    #[case("CHF\u{a0}780.00", "CHF 780.00", "short")]
    #[case("CHF\u{a0}1,250.00", "CHF 1,250.00", "long")]
    #[case("125.000,00\u{a0}CHF", "125.000,00 CHF", "longer")]
    fn a_price_on_a_stub(#[case] price: &str, #[case] text: &str, #[case] size: &str) {
        let price = StubPrice::new(price);
        assert_eq!((&*price.text, price.size), (text, size));
    }

    #[test]
    fn no_line_of_a_title_begins_with_a_dot() {
        let shown = shown_title("The Tempest · Globe Yard · Seat 12");
        assert_eq!(shown, "The Tempest\u{a0}· Globe Yard\u{a0}· Seat 12");
    }

    #[test]
    fn a_number_and_a_colour_stay_with_a_ticket() {
        let id = samples::ticket(1).id;
        assert_eq!(serial(id.0), "0000-0001");
        assert_eq!(ink(id), ink(id));
        assert!(ink(id) < INKS);
    }
}
