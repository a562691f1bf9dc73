//! The smallest service that publishes and listens: things have versions, and listeners copy them.

pub mod listener;
pub mod publisher;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use serde::{Deserialize, Serialize};
use ticketing_contracts::{events::Snapshot, stream};
use uuid::Uuid;

/// The service's own tables.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The one group that is declared.
pub const GROUP: &str = "listeners";

stream! {
    /// What becomes of things.
    pub enum ThingEvent: stream "things", groups ["listeners"] {
        /// It has a new version.
        Changed(Thing): "thing:changed", heard by ["listeners"],
    }
}

/// A thing, at a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Never changes.
    pub id: Uuid,
    /// Rises by one with each event.
    pub version: i64,
    /// What the listener notes. It can't note a negative one; [`PANIC`] makes it panic.
    pub weight: i64,
}

/// The weight that makes the listener panic.
pub const PANIC: i64 = -1_000;

impl Snapshot for Thing {
    fn subject(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
