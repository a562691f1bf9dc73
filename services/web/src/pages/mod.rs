//! The pages: each asks all that it needs at the same time, and shows it.

pub mod account;
pub mod buy;
pub mod edit;
pub mod fields;
pub mod figures;
pub mod home;
mod list;
pub mod order;
pub mod orders;
pub mod parts;
mod refusal;
pub mod sell;
pub mod selling;
pub mod sign_out;
pub mod status;
pub mod ticket;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use ticketing_contracts::money::{Currency, MajorUnits};

use crate::text::Text;

/// Makes a form that is sent twice one request (`Idempotency-Key`).
fn random_key() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// Whether it is one of ours, and may stand in a header.
fn is_key(key: &str) -> bool {
    key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Minor units as the language writes them.
fn amount(t: Text, minor: i64, currency: Currency) -> String {
    t.money(MajorUnits::from_minor(minor, currency), currency)
}
