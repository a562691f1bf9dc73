//! Amounts as Stripe counts them.
//!
//! Mostly that is as ISO 4217 does, in minor units. The exceptions are Stripe's own
//! (<https://docs.stripe.com/currencies>): some currencies have no decimals there although the standard
//! gives them some, or the other way round, and of three decimals the last must be 0.

use super::Currency;

/// Stripe has no decimals for it, whatever the standard says.
const ZERO_DECIMALS: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

/// The standard has no decimals, and Stripe two that must be 0.
const TWO_DECIMALS: [&str; 2] = ["ISK", "UGX"];

/// Stripe can't charge such an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount that Stripe can't charge")]
pub struct NotChargeable;

/// An amount in minor units of the standard, as Stripe counts it.
///
/// # Errors
/// When it has decimals that Stripe does not take.
pub fn at_stripe(amount: i64, currency: Currency) -> Result<i64, NotChargeable> {
    let code = currency.code();
    let own = currency.decimals();
    let stripes = if ZERO_DECIMALS.contains(&code) {
        0
    } else if TWO_DECIMALS.contains(&code) {
        2
    } else {
        own
    };
    let amount = if stripes >= own {
        let factor = 10_i64.pow((stripes - own).into());
        amount.checked_mul(factor).ok_or(NotChargeable)?
    } else {
        whole(amount, 10_i64.pow((own - stripes).into()))?
    };
    if stripes == 3 {
        whole(amount, 10)?;
    }
    Ok(amount)
}

fn whole(amount: i64, part: i64) -> Result<i64, NotChargeable> {
    if amount % part == 0 {
        Ok(amount / part)
    } else {
        Err(NotChargeable)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("USD", 10_50, Ok(10_50))]
    #[case("EUR", 1, Ok(1))]
    #[case("JPY", 500, Ok(500))]
    #[case("KRW", 1, Ok(1))]
    #[case("HUF", 10_000, Ok(10_000))]
    #[case::three_decimals("KWD", 5_120, Ok(5_120))]
    #[case::three_decimals_not_even("KWD", 5_123, Err(NotChargeable))]
    #[case::none_in_the_standard("ISK", 5, Ok(500))]
    #[case::none_in_the_standard("UGX", 5, Ok(500))]
    #[case::none_at_stripe("MGA", 500, Ok(5))]
    #[case::none_at_stripe("MGA", 550, Err(NotChargeable))]
    fn amounts(
        #[case] currency: &str,
        #[case] amount: i64,
        #[case] expected: Result<i64, NotChargeable>,
    ) {
        assert_eq!(at_stripe(amount, currency.parse().unwrap()), expected);
    }
}
