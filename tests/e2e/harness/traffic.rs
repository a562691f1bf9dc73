//! Requests that keep coming while a test does something to the stack.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use reqwest::Response;
use tokio::task::JoinSet;

use super::plain_client;

/// GETs from several clients, until it is asked how they went.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    failures: Arc<Mutex<Vec<String>>>,
    clients: JoinSet<()>,
}

impl Traffic {
    pub fn start(url: &str) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let failures = Arc::<Mutex<Vec<String>>>::default();
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let (failures, url) = (Arc::clone(&failures), url.to_owned());
            clients.spawn(async move {
                let client = plain_client().build().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    let outcome = client.get(&url).send().await;
                    match outcome.and_then(Response::error_for_status) {
                        Ok(_) => _ = answered.fetch_add(1, Ordering::Relaxed),
                        Err(error) => failures.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
        Self {
            stop,
            answered,
            failures,
            clients,
        }
    }

    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Ends it and checks that nothing failed.
    pub async fn end_without_failure(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        let failures = self.failures.lock().unwrap();
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            failures.is_empty(),
            "{} of {answered} failed: {failures:?}",
            failures.len()
        );
        assert!(answered > 0);
    }
}
