//! What somebody missed that is not known here any more: Redis is asked.

use std::sync::{Arc, Mutex, PoisonError};

use ticketing_messaging::tail::{Past, Since};

use super::{
    change::Change,
    positions::Positions,
    recent::{Interest, Recent},
};

/// Who missed more entries of one stream looks at everything anew: that is less.
pub const AT_MOST: usize = 2_000;

/// The streams' entries, as far back as Redis has them. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Option<Past<3>>>>);

impl History {
    /// Redis is there.
    pub(super) fn open(&self, past: Past<3>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(past);
    }

    /// Redis is away: nobody has to wait for it to find that out.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What is of interest of all that came after `places`, each subject once, and up to where that is.
    /// `None` when it can't be told: it is not there any more, it is too much, or Redis is away.
    pub async fn since(
        &self,
        places: Positions,
        interest: &Interest,
    ) -> Option<(Vec<Change>, Positions)> {
        let mut past = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let since = past.since(places.0, AT_MOST).await;
        let since = since
            .inspect_err(|error| tracing::warn!(%error, "what somebody missed can't be read"))
            .ok()?;
        let Since::All(read) = since else {
            return None;
        };
        let mut missed = Recent::new(places, usize::MAX);
        for seen in &read.entries {
            if let Some(change) = Change::of(seen)
                && interest.includes(&change)
            {
                missed.note(&change, seen.stamp, places);
            }
        }
        Some((missed.since(places, interest), Positions(read.upto)))
    }
}
