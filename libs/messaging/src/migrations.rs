//! The tables of messaging, beside a service's own.

use diesel::migration::{Migration, MigrationSource, Result};
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const OURS: EmbeddedMigrations = embed_migrations!();

/// A service's migrations and those of its outbox, inbox and dead letters, as one source.
#[must_use]
pub fn migrations(own: EmbeddedMigrations) -> impl MigrationSource<Pg> {
    Together([OURS, own])
}

struct Together([EmbeddedMigrations; 2]);

impl MigrationSource<Pg> for Together {
    fn migrations(&self) -> Result<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = Vec::new();
        for source in &self.0 {
            all.extend(source.migrations()?);
        }
        Ok(all)
    }
}
