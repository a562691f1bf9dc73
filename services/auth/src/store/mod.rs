//! auth's tables. Nothing else in this crate uses diesel.

mod schema;
pub mod users;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// All migrations, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();
