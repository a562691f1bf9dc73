//! What all routes share.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    background::Job, config::Settings, faults::Faults, requests::Requests, store::ledger::Ledger,
};

/// One simulated account.
#[derive(Debug)]
pub struct Simulation {
    /// Whom it belongs to.
    pub settings: Settings,
    /// What has happened.
    pub ledger: Ledger,
    /// What goes wrong.
    pub faults: Faults,
    /// What was asked.
    pub requests: Requests,
    webhook_url: Mutex<Option<String>>,
    jobs: UnboundedSender<Job>,
}

impl Simulation {
    /// An account; what is to be done later goes to `jobs`.
    #[must_use]
    pub fn new(settings: Settings, ledger: Ledger, jobs: UnboundedSender<Job>) -> Self {
        Self {
            webhook_url: Mutex::new(settings.webhook_url.clone()),
            settings,
            ledger,
            faults: Faults::default(),
            requests: Requests::default(),
            jobs,
        }
    }

    /// Where webhooks go now.
    #[must_use]
    pub fn webhook_url(&self) -> Option<String> {
        let url = self.webhook_url.lock();
        url.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends webhooks somewhere else from now on, or nowhere.
    pub fn set_webhook_url(&self, url: Option<String>) {
        let mut current = self
            .webhook_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *current = url;
    }

    /// Has something done later.
    pub fn later(&self, job: Job) {
        // At the end nobody does it; the journal knows what is left to do.
        _ = self.jobs.send(job);
    }
}
