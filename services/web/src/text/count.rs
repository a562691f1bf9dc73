//! Whole numbers as the language writes them.

use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_locale_core::locale;

use crate::visit::Language;

/// A whole number, or a reference to one: templates pass those.
pub trait Whole {
    /// The number.
    fn whole(&self) -> i64;
}

impl<T: Whole> Whole for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}

macro_rules! whole {
    ($($number:ty)*) => {
        $(impl Whole for $number {
            fn whole(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        })*
    };
}

whole!(i32 i64 u16 u32 u64 usize);

struct Formatters {
    english: DecimalFormatter,
    german: DecimalFormatter,
}

thread_local! {
    /// They can't be shared between threads.
    static FORMATTERS: Formatters = Formatters {
        english: formatter(Language::English),
        german: formatter(Language::German),
    };
}

fn formatter(language: Language) -> DecimalFormatter {
    let locale = match language {
        Language::English => locale!("en"),
        Language::German => locale!("de"),
    };
    DecimalFormatter::try_new(locale.into(), Default::default())
        .expect("the data of every language is compiled in")
}

pub(super) fn text(language: Language, number: i64) -> String {
    decimal(language, &Decimal::from(number))
}

/// A number with its decimals.
pub(super) fn decimal(language: Language, number: &Decimal) -> String {
    FORMATTERS.with(|formatters| {
        let formatter = match language {
            Language::English => &formatters.english,
            Language::German => &formatters.german,
        };
        formatter.format(number).to_string()
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0", "0")]
    #[case(999, "999", "999")]
    #[case(20_000, "20,000", "20.000")]
    #[case(1_234_567, "1,234,567", "1.234.567")]
    fn as_the_language_writes_it(#[case] number: i64, #[case] english: &str, #[case] german: &str) {
        assert_eq!(text(Language::English, number), english);
        assert_eq!(text(Language::German, number), german);
    }
}
