//! How often each route was asked, to assert on.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::operation::Operation;

/// Requests by route, however they ended. Those without a valid key are not counted.
#[derive(Debug, Default)]
pub struct Requests([AtomicU64; Operation::ALL.len()]);

impl Requests {
    /// A request has come.
    pub fn note(&self, operation: Operation) {
        self.0[operation as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts, by method and path; routes that nobody has asked are left out.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let count = |operation: Operation| self.0[operation as usize].load(Ordering::Relaxed);
        let counts = Operation::ALL.map(|operation| (operation.route(), count(operation)));
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Counts from 0 again.
    pub fn reset(&self) {
        for count in &self.0 {
            count.store(0, Ordering::Relaxed);
        }
    }
}
