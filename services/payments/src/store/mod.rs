//! payments' tables. Nothing else in this crate writes SQL.

pub mod attempts;
pub mod batch;
pub mod due;
pub mod ended;
pub mod payments;
pub mod refunds;
mod row;
pub mod snapshots;
pub mod webhooks;

use diesel::{migration::MigrationSource, pg::Pg};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const OWN: EmbeddedMigrations = embed_migrations!();

/// All migrations, messaging's first.
#[must_use]
pub fn migrations() -> impl MigrationSource<Pg> {
    ticketing_messaging::migrations(OWN)
}

/// A column of several rows.
fn column<T, C>(rows: impl IntoIterator<Item = T>, of: impl Fn(T) -> C) -> Vec<C> {
    rows.into_iter().map(of).collect()
}
