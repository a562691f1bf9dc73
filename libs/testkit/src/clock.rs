//! A clock that stands still until it is told otherwise.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_runtime::Clock;

/// The time of a test. Clones share it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that stands at the machine's time.
    #[must_use]
    pub fn now() -> Self {
        Self(Arc::new(Mutex::new(Clock::system().now())))
    }

    /// Moves it; backwards as well.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// The clock to inject.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let time = Arc::clone(&self.0);
        Clock::new(move || *time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
