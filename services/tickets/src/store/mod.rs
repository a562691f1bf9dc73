//! tickets' tables. Nothing else in this crate uses diesel's statements.

pub mod answers;
pub mod pages;
mod row;
pub mod stock;
pub mod tickets;

use diesel::{migration::MigrationSource, pg::Pg};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const OWN: EmbeddedMigrations = embed_migrations!();

/// All migrations, messaging's first.
#[must_use]
pub fn migrations() -> impl MigrationSource<Pg> {
    ticketing_messaging::migrations(OWN)
}
