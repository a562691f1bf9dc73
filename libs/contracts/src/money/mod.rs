//! Money: inside, an `i64` of the currency's minor units (cents) beside its [`Currency`]; outside, in
//! the HTTP API, a JSON number in major units ([`MajorUnits`]). No floats in between.

mod at_stripe;
mod currency;
mod major_units;

pub use at_stripe::{NotChargeable, at_stripe};
pub use currency::{Currency, UnknownCurrency};
pub use major_units::{AmountError, MajorUnits};
