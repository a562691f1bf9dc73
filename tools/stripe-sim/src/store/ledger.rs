//! The books and their journal, changed together under one lock that is held for microseconds.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ticketing_runtime::Clock;

use super::{
    answers::Claim,
    books::Books,
    journal::{Journal, Line},
};
use crate::domain::{
    entry::{Entry, IdempotencyKey},
    error::StripeError,
};

/// The one place where anything changes.
#[derive(Debug)]
pub struct Ledger {
    inner: Mutex<Inner>,
    clock: Clock,
}

#[derive(Debug)]
struct Inner {
    books: Books,
    journal: Option<Journal>,
}

impl Ledger {
    /// The books as the journal in `folder` tells them; without a folder they are empty, and forgotten at
    /// the end.
    ///
    /// # Errors
    /// When the journal can't be used.
    pub fn open(folder: Option<&Path>, clock: Clock) -> anyhow::Result<Self> {
        let mut books = Books::default();
        let mut apply = |line| match line {
            Line::Entry(entry) => books.apply(&entry),
            Line::Delivered(event) => books.delivered(&event),
        };
        let journal = folder.map(|folder| Journal::open(folder, &mut apply));
        let journal = journal.transpose()?;
        Ok(Self {
            inner: Mutex::new(Inner { books, journal }),
            clock,
        })
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    /// Looks into the books.
    pub fn read<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.lock().books)
    }

    /// A request with a key has come.
    ///
    /// # Errors
    /// When the first is under way, or was another request.
    pub fn claim(&self, key: &IdempotencyKey) -> Result<Claim, StripeError> {
        let now = self.now();
        self.lock().books.answers.claim(key, now)
    }

    /// Does a request: `decide` says what it changes. Its key is then taken for good, or is free again
    /// when the request did not begin.
    ///
    /// # Errors
    /// Those of `decide`, and Stripe's failure when the journal can't be written: nothing has changed.
    pub fn commit(
        &self,
        key: Option<IdempotencyKey>,
        decide: impl FnOnce(&Books, i64) -> Result<Entry, StripeError>,
    ) -> Result<Arc<Entry>, StripeError> {
        let now = self.now();
        let mut inner = self.lock();
        let outcome = decide(&inner.books, now).and_then(|mut entry| {
            entry.key.clone_from(&key);
            let entry = Arc::new(entry);
            inner.append(&Line::Entry(entry.clone()))?;
            inner.books.apply(&entry);
            Ok(entry)
        });
        if let (Err(_), Some(key)) = (&outcome, &key) {
            inner.books.answers.release(key);
        }
        outcome
    }

    /// An endpoint has taken the event.
    pub fn delivered(&self, event: &str) {
        let mut inner = self.lock();
        inner.books.delivered(event);
        // At worst it is sent again after a restart, as Stripe's are.
        _ = inner.append(&Line::Delivered(event.to_owned()));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What panicked has not changed anything: `apply` does not.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, line: &Line) -> Result<(), StripeError> {
        let written = self.journal.as_mut().map(|journal| journal.append(line));
        written.unwrap_or(Ok(())).map_err(|error| {
            tracing::error!(%error, "the journal can't be written");
            StripeError::failed()
        })
    }
}
