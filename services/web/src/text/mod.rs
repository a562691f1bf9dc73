//! What the interface says, in the visitor's language. All of it is in `locales/LANGUAGE/*.ftl`, by id.

mod argument;
mod bundle;
mod count;
mod dates;
mod money;
#[cfg(test)]
mod tests;

use std::borrow::{Borrow, Cow};

use chrono::{DateTime, Utc};
use fluent_bundle::FluentArgs;
use ticketing_contracts::money::{Currency, MajorUnits};

pub use self::{argument::Argument, count::Whole, dates::Moment};
use crate::visit::Language;

/// Says it in one language. In templates it is `t`.
///
/// An id that there is not is said as it is: a test finds it, and a visitor still has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    language: Language,
}

impl Text {
    /// In this language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// In which it is said.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of this id, which has no arguments.
    #[must_use]
    pub fn text(&self, id: &str) -> Cow<'static, str> {
        bundle::say(self.language, id, None)
    }

    /// The text of this id with one argument.
    #[must_use]
    pub fn with(&self, id: &str, name: &str, value: impl Argument) -> String {
        let mut arguments = FluentArgs::with_capacity(1);
        arguments.set(name, value.value());
        bundle::say(self.language, id, Some(&arguments)).into_owned()
    }

    /// The text of this id with two arguments.
    #[must_use]
    pub fn with2(
        &self,
        id: &str,
        first: &str,
        one: impl Argument,
        second: &str,
        two: impl Argument,
    ) -> String {
        let mut arguments = FluentArgs::with_capacity(2);
        arguments.set(first, one.value());
        arguments.set(second, two.value());
        bundle::say(self.language, id, Some(&arguments)).into_owned()
    }

    /// The text of this id with three arguments.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "templates can't make a list of them"
    )]
    pub fn with3(
        &self,
        id: &str,
        first: &str,
        one: impl Argument,
        second: &str,
        two: impl Argument,
        third: &str,
        three: impl Argument,
    ) -> String {
        let mut arguments = FluentArgs::with_capacity(3);
        arguments.set(first, one.value());
        arguments.set(second, two.value());
        arguments.set(third, three.value());
        bundle::say(self.language, id, Some(&arguments)).into_owned()
    }

    /// An amount: `$10.50`, `10,50 $`.
    #[must_use]
    pub fn money(
        &self,
        amount: impl Borrow<MajorUnits>,
        currency: impl Borrow<Currency>,
    ) -> String {
        money::text(self.language, *amount.borrow(), *currency.borrow())
    }

    /// A whole number: `20,000`, `20.000`.
    #[must_use]
    pub fn count(&self, number: impl Whole) -> String {
        count::text(self.language, number.whole())
    }

    /// A moment, as an element that shows UTC and that `static/app.js` puts into the reader's time zone.
    #[must_use]
    pub fn time(&self, at: impl Borrow<DateTime<Utc>>) -> Moment {
        Moment::new(*self, *at.borrow())
    }

    /// The same as plain text, in UTC.
    #[must_use]
    pub fn plain_time(&self, at: impl Borrow<DateTime<Utc>>) -> String {
        dates::text(*self, *at.borrow())
    }
}
