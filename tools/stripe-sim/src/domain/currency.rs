//! Currencies as Stripe writes them: ISO 4217, lower case. Amounts are Stripe's minor units and are not
//! converted here.

use iso_currency::Currency;

use super::error::StripeError;

/// The code in lower case.
///
/// # Errors
/// When there is no such currency.
pub fn parse(code: &str) -> Result<String, StripeError> {
    // Codes that stand for no currency: gold, test, none.
    let none = |code: &str| code.starts_with('X') && !matches!(code, "XAF" | "XCD" | "XOF" | "XPF");
    let upper = code.to_ascii_uppercase();
    if Currency::from_code(&upper).is_none() || none(&upper) {
        let message = format!("Invalid currency: {code}. It is none that Stripe supports.");
        return Err(StripeError::invalid(message, "currency"));
    }
    Ok(code.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("usd", Some("usd"))]
    #[case("EUR", Some("eur"))]
    #[case("xof", Some("xof"))]
    #[case("xxx", None)]
    #[case("us", None)]
    #[case("dollars", None)]
    #[case("", None)]
    fn codes(#[case] code: &str, #[case] expected: Option<&str>) {
        assert_eq!(parse(code).ok().as_deref(), expected);
    }
}
