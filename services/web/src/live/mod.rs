//! What happens, told to browsers by server-sent events.

use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{Clock, Lifecycle};

/// The reader of the streams, and whoever listens to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {}

impl Live {
    /// Reads until the lifecycle's soft token.
    #[must_use]
    pub fn start(_redis: RedisSettings, _clock: Clock, _lifecycle: &Lifecycle) -> Self {
        Self {}
    }

    /// Where the streams stand now, as in an event's `id`.
    #[must_use]
    pub fn positions(&self) -> String {
        String::new()
    }
}
