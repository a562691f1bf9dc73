//! An amount as the HTTP API writes it: a decimal number in major units.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use thiserror::Error;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use super::Currency;

/// A decimal number, exact: `10.5` in a form whose `currency` is USD stands for 1,050 cents.
///
/// It is written as a JSON number in its shortest form (1,000 cents are `10`) and read from a number
/// or from a string that holds one. Zeros at the end count for nothing: `10.500` is `10.5`. Since the
/// currency is another field of the form, whether the number is an amount of it is told by
/// [`to_minor`](Self::to_minor).
///
/// The text goes straight to and from `serde_json`, past its floats. So a form that holds one can be
/// read by `serde_json` only, and not from within `#[serde(flatten)]` or an untagged or internally
/// tagged enum, which keep numbers as floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MajorUnits {
    // digits / 10^decimals in its shortest form, so that equal numbers are equal here as well.
    digits: i64,
    decimals: u8,
}

/// Why a number is no amount. The message goes after the field's name: "price must not be negative".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not of the form `10.5`: an exponent, `NaN`, no number at all.
    #[error("must be {PLAIN}")]
    NotPlain,
    /// More digits than any amount has.
    #[error("must be {SHORTER}")]
    TooManyDigits,
    /// Below 0.
    #[error("must not be negative")]
    Negative,
    /// A fraction of the currency's smallest unit.
    #[error("must not have more than {} decimals in {currency}", currency.decimals())]
    TooManyDecimals {
        /// Which it should be an amount of.
        currency: Currency,
    },
    /// More than `i64::MAX` minor units.
    #[error("is too large")]
    TooLarge,
}

const PLAIN: &str = "a plain decimal number such as 10.5";
const SHORTER: &str = "a number of fewer digits";

impl MajorUnits {
    /// The amount that is `minor` of the currency's minor units.
    #[must_use]
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        let (mut digits, mut decimals) = (minor, currency.decimals());
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
        Self { digits, decimals }
    }

    /// The amount in the currency's minor units, 0 or more.
    ///
    /// # Errors
    ///
    /// When it is negative, has more decimals than the currency, or does not fit.
    pub fn to_minor(self, currency: Currency) -> Result<i64, AmountError> {
        if self.digits < 0 {
            return Err(AmountError::Negative);
        }
        let more = currency
            .decimals()
            .checked_sub(self.decimals)
            .ok_or(AmountError::TooManyDecimals { currency })?;
        10_i64
            .checked_pow(more.into())
            .and_then(|factor| self.digits.checked_mul(factor))
            .ok_or(AmountError::TooLarge)
    }
}

impl FromStr for MajorUnits {
    type Err = AmountError;

    /// Reads what JSON calls a number (RFC 8259, section 6), less the exponent.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (sign, number) = match text.strip_prefix('-') {
            Some(number) => ("-", number),
            None => ("", text),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let padded = whole.len() > 1 && whole.starts_with('0');
        if !digits(whole) || !digits(fraction) || padded {
            return Err(AmountError::NotPlain);
        }
        let fraction = fraction.trim_end_matches('0');
        let decimals = fraction.len().try_into();
        // Only digits are left, so that nothing but their number can be wrong.
        let digits = format!("{sign}{whole}{fraction}").parse();
        match (digits, decimals) {
            (Ok(digits), Ok(decimals)) => Ok(Self { digits, decimals }),
            _ => Err(AmountError::TooManyDigits),
        }
    }
}

impl fmt::Display for MajorUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let decimals = usize::from(self.decimals);
        // At least one digit stays before the point.
        let digits = format!("{:0>1$}", self.digits.unsigned_abs(), decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Serialize for MajorUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MajorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let text = match json.get() {
            string if string.starts_with('"') => {
                Cow::Owned(serde_json::from_str(string).map_err(de::Error::custom)?)
            }
            other => Cow::Borrowed(other),
        };
        text.parse().map_err(|error| {
            // In serde's own words, which libs/http takes apart to tell the client.
            let expected = match error {
                AmountError::TooManyDigits => &SHORTER,
                _ => &PLAIN,
            };
            de::Error::invalid_value(de::Unexpected::Other("another value"), expected)
        })
    }
}

impl PartialSchema for MajorUnits {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(
                "An amount in major units, with no more decimals than the currency has. \
                 A string that holds the number is accepted as well.",
            ))
            .minimum(Some(0))
            .examples([10.5])
            .into()
    }
}

impl ToSchema for MajorUnits {}

#[cfg(test)]
mod tests;
