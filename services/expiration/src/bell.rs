//! Wakes the publisher when something falls due before what it sleeps for.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

/// Clones share it.
#[derive(Debug, Clone)]
pub struct Bell(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// What the publisher sleeps for, in milliseconds; the greatest number while it looks, since it may
    /// have missed whatever is added meanwhile.
    until: AtomicI64,
    notify: Notify,
}

impl Bell {
    /// Nobody sleeps yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            until: AtomicI64::new(i64::MAX),
            notify: Notify::new(),
        }))
    }

    /// A deadline was added.
    pub fn added(&self, deadline: DateTime<Utc>) {
        if deadline.timestamp_millis() < self.0.until.load(Ordering::SeqCst) {
            self.0.notify.notify_one();
        }
    }

    /// The publisher begins to look.
    pub fn looking(&self) {
        self.0.until.store(i64::MAX, Ordering::SeqCst);
    }

    /// It found that `next` is the next deadline.
    pub fn found(&self, next: Option<DateTime<Utc>>) {
        let until = next.map_or(i64::MAX, |next| next.timestamp_millis());
        self.0.until.store(until, Ordering::SeqCst);
    }

    /// Until one was added that is earlier than what was found, or while it was looked.
    pub async fn rung(&self) {
        self.0.notify.notified().await;
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn has_rung(bell: &Bell) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(bell.rung()).poll(&mut context).is_ready()
    }

    #[test]
    fn an_earlier_deadline_wakes_and_a_later_one_does_not() {
        let bell = Bell::new();
        bell.found(Some(at(1000)));
        bell.added(at(1000));
        bell.added(at(1001));
        assert!(!has_rung(&bell));
        bell.added(at(999));
        assert!(has_rung(&bell));
        assert!(!has_rung(&bell), "once");
    }

    #[test]
    fn any_deadline_wakes_who_may_have_missed_it() {
        let bell = Bell::new();
        bell.found(Some(at(1000)));
        bell.looking();
        bell.added(at(2000));
        bell.found(None);
        assert!(has_rung(&bell));
        bell.added(at(3000));
        assert!(has_rung(&bell), "it sleeps for nothing");
    }
}
