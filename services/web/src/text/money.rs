//! Amounts as the language writes them. The decimals are the currency's: `$10.50`, `¥1,000`.

use icu_decimal::input::Decimal;
use ticketing_contracts::money::{Currency, MajorUnits};

use super::count::decimal;
use crate::visit::Language;

/// Keeps a symbol and its number on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

pub(super) fn text(language: Language, amount: MajorUnits, currency: Currency) -> String {
    let number = number(language, amount, currency);
    match (language, symbol(currency)) {
        (Language::English, Some(symbol)) => format!("{symbol}{number}"),
        (Language::English, None) => format!("{currency}{NO_BREAK_SPACE}{number}"),
        (Language::German, Some(symbol)) => format!("{number}{NO_BREAK_SPACE}{symbol}"),
        (Language::German, None) => format!("{number}{NO_BREAK_SPACE}{currency}"),
    }
}

fn number(language: Language, amount: MajorUnits, currency: Currency) -> String {
    // What is no amount of its currency (no service of ours sends such) is shown as it came.
    let Ok(minor) = amount.to_minor(currency) else {
        return amount.to_string();
    };
    let mut number = Decimal::from(minor);
    number.multiply_pow10(-i16::from(currency.decimals()));
    // The zeros at the end as well.
    number.absolute.pad_end(-i16::from(currency.decimals()));
    decimal(language, &number)
}

/// Signs that mean one currency to everybody who reads here. Others are written as their code.
fn symbol(currency: Currency) -> Option<&'static str> {
    match currency.code() {
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(10_50, "USD", "$10.50", "10,50\u{a0}$")]
    #[case(10_00, "EUR", "€10.00", "10,00\u{a0}€")]
    #[case(123_456_789, "EUR", "€1,234,567.89", "1.234.567,89\u{a0}€")]
    #[case(1_000, "JPY", "¥1,000", "1.000\u{a0}¥")]
    #[case(45_00, "CHF", "CHF\u{a0}45.00", "45,00\u{a0}CHF")]
    #[case(1_500, "KWD", "KWD\u{a0}1.500", "1,500\u{a0}KWD")]
    #[case(1, "USD", "$0.01", "0,01\u{a0}$")]
    #[case(0, "USD", "$0.00", "0,00\u{a0}$")]
    fn as_the_language_writes_it(
        #[case] minor: i64,
        #[case] currency: &str,
        #[case] english: &str,
        #[case] german: &str,
    ) {
        let currency: Currency = currency.parse().unwrap();
        let amount = MajorUnits::from_minor(minor, currency);
        assert_eq!(text(Language::English, amount, currency), english);
        assert_eq!(text(Language::German, amount, currency), german);
    }
}
