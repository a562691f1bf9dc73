//! Which currencies there are, and how many decimals each has.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// An ISO 4217 currency that amounts can be counted in: one for which the standard says how many
/// decimals it has. Gold (XAU) and the code for "no currency" (XXX) are not among them.
///
/// In JSON its code, in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(iso_currency::Currency);

/// The text is not the code of a [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be {EXPECTED}")]
pub struct UnknownCurrency;

const EXPECTED: &str = "an ISO 4217 currency code such as USD";

impl Currency {
    /// The United States dollar: what a price is in when nothing else is said.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The ISO 4217 code, three capitals.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount in major units has: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn decimals(self) -> u8 {
        // Always there: a code without was refused.
        decimals(self.0).unwrap_or(0)
    }
}

fn decimals(currency: iso_currency::Currency) -> Option<u8> {
    currency
        .exponent()
        .and_then(|exponent| exponent.try_into().ok())
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| decimals(*currency).is_some())
            .map(Self)
            .ok_or(UnknownCurrency)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Code)
    }
}

struct Code;

impl de::Visitor<'_> for Code {
    type Value = Currency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
        let refused = |_| E::invalid_value(de::Unexpected::Other("another text"), &self);
        code.parse().map_err(refused)
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An ISO 4217 currency code"))
            .pattern(Some("^[A-Z]{3}$"))
            .examples(["USD"])
            .into()
    }
}

impl ToSchema for Currency {}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("USD", 2)]
    #[case("EUR", 2)]
    #[case("JPY", 0)]
    #[case("KRW", 0)]
    #[case("KWD", 3)]
    #[case("CLF", 4)]
    // Their coins are fifths, but ISO 4217 says 2.
    #[case("MGA", 2)]
    #[case("MRU", 2)]
    fn a_code_there_and_back(#[case] code: &str, #[case] decimals: u8) {
        let currency: Currency = serde_json::from_str(&format!("\"{code}\"")).unwrap();
        assert_eq!(currency.decimals(), decimals);
        assert_eq!(currency.to_string(), code);
        assert_eq!(
            serde_json::to_string(&currency).unwrap(),
            format!("\"{code}\"")
        );
    }

    /// The standard's own list, where it differs from 2.
    #[test]
    fn decimals_are_the_standards() {
        let count = |codes: &[&str], decimals| {
            for code in codes {
                let currency: Currency = code.parse().unwrap();
                assert_eq!(currency.decimals(), decimals, "{code}");
            }
        };
        let none = [
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ];
        count(&none, 0);
        count(&["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3);
        count(&["CLF", "UYW"], 4);
    }

    #[rstest]
    #[case("\"\"")]
    #[case("\"usd\"")]
    #[case("\"US\"")]
    #[case("\"USDX\"")]
    #[case("\"QQQ\"")]
    #[case("\"XAU\"")]
    #[case("\"XXX\"")]
    #[case("840")]
    #[case("null")]
    fn others_are_refused(#[case] json: &str) {
        let error = serde_json::from_str::<Currency>(json).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(", expected an ISO 4217 currency code such as USD"),
            "{error}"
        );
    }
}
