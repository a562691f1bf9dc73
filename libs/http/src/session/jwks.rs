//! auth's public keys in every other service: fetched through Consul, kept while auth is away,
//! refreshed every five minutes and, for a `kid` never seen, at once (every 30 seconds at most).

use std::{sync::Arc, time::Duration};

use jsonwebtoken::jwk::JwkSet;
use ticketing_runtime::{Clock, consul::Service};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    neighbours,
    session::{Verifier, keys::KeySet},
};

/// Where auth publishes its keys.
pub const PATH: &str = "/api/users/.well-known/jwks.json";

/// How soon what has failed is tried again.
const SOON: Duration = Duration::from_secs(1);

/// How often, and how patiently, the keys are fetched.
#[derive(Debug, Clone, Copy)]
pub struct Refresh {
    /// Between two fetches when nothing is asked for.
    pub every: Duration,
    /// The least time between two fetches for unknown keys: anybody can make one up. Between one that
    /// failed and the next it is a second at the most.
    pub unknown_key: Duration,
    /// How long auth may take to answer, and a request waits for new keys.
    pub patience: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(300),
            unknown_key: Duration::from_secs(30),
            patience: Duration::from_secs(2),
        }
    }
}

/// Asks the background task for new keys.
#[derive(Debug, Clone)]
pub(super) struct Refetch {
    asks: mpsc::Sender<oneshot::Sender<()>>,
    patience: Duration,
}

impl Refetch {
    /// Returns when the keys are as new as they may be: fetched just now, or recently enough.
    pub(super) async fn wait(&self) {
        let (done, answer) = oneshot::channel();
        if self.asks.try_send(done).is_ok() {
            _ = timeout(self.patience, answer).await;
        }
    }
}

/// A verifier whose keys come from `auth` and follow its rotations, until `stop`.
#[must_use]
pub fn follow(auth: Service, refresh: Refresh, clock: Clock, stop: CancellationToken) -> Verifier {
    let none = KeySet::new(JwkSet { keys: Vec::new() });
    let (keys, receiver) = watch::channel(Arc::new(none));
    // Requests that find no place here are answered with the keys there are.
    let (asks, inbox) = mpsc::channel(1024);
    let task = Follower {
        auth,
        client: neighbours::client(refresh.patience),
        keys,
        refresh,
    };
    tokio::spawn(stop.run_until_cancelled_owned(task.run(inbox)));
    let refetch = Refetch {
        asks,
        patience: refresh.patience,
    };
    Verifier {
        keys: receiver,
        refetch: Some(refetch),
        clock,
    }
}

struct Follower {
    auth: Service,
    client: reqwest::Client,
    keys: watch::Sender<Arc<KeySet>>,
    refresh: Refresh,
}

impl Follower {
    async fn run(self, mut asks: mpsc::Receiver<oneshot::Sender<()>>) {
        let mut again_for_unknown = Instant::now();
        self.update().await;
        let mut next = Instant::now() + self.pause();
        loop {
            tokio::select! {
                () = sleep_until(next) => { self.update().await; }
                ask = asks.recv() => {
                    let Some(done) = ask else { return };
                    if Instant::now() < again_for_unknown {
                        // Without moving `next`: however many ask, the regular fetch comes.
                        _ = done.send(());
                        continue;
                    }
                    let pause = if self.update().await {
                        self.refresh.unknown_key
                    } else {
                        self.refresh.unknown_key.min(SOON)
                    };
                    again_for_unknown = Instant::now() + pause;
                    _ = done.send(());
                }
            }
            next = Instant::now() + self.pause();
        }
    }

    /// Until there are keys at all, they are asked for every second.
    fn pause(&self) -> Duration {
        let none = self.keys.borrow().is_empty();
        if none {
            self.refresh.every.min(SOON)
        } else {
            self.refresh.every
        }
    }

    /// Fetches once. Whatever goes wrong, the keys that are known stay. Returns whether there were any.
    async fn update(&self) -> bool {
        match self.fetch().await {
            Ok(source) if source.keys.is_empty() => {
                tracing::warn!("auth published no keys; keeping those that are known");
                false
            }
            Ok(source) => {
                self.keys.send_if_modified(|keys| {
                    let changed = !keys.is_from(&source);
                    if changed {
                        tracing::info!(keys = source.keys.len(), "session keys changed");
                        *keys = Arc::new(KeySet::new(source));
                    }
                    changed
                });
                true
            }
            Err(error) => {
                tracing::warn!(error, "session keys could not be fetched");
                false
            }
        }
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let base = self.auth.pick().await.map_err(|error| error.to_string())?;
        let answer = self.client.get(format!("{base}{PATH}")).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer
            .map_err(|error| error.to_string())?
            .json()
            .await
            .map_err(|error| error.to_string())
    }
}
