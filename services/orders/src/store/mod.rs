//! orders' tables. Nothing else in this crate writes SQL.

pub mod commit_status;
pub mod inventory;
pub mod items;
pub mod orders;
pub mod payments;
pub mod reading;
pub mod sales;
pub mod sales_series;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use uuid::Uuid;

/// All migrations, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// A column of rows that are written by one statement.
fn column<'a, T: 'a, V>(
    rows: impl IntoIterator<Item = &'a T>,
    value: impl Fn(&'a T) -> V,
) -> Vec<V> {
    rows.into_iter().map(value).collect()
}

/// What is stored is not what this program has written.
fn corrupt(what: &str, id: Uuid) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(format!("{what} of {id} can't be read").into())
}
