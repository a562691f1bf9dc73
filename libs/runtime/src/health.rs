//! Is this process alive, and should it get traffic?
//!
//! Probes only read. A dependency that is down is reported by name; it does not make the process
//! any less alive.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{LocalBoxFuture, join_all};
use serde::Serialize;
use tokio::time::timeout;

/// How long a dependency may take to answer a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

type Probe = dyn Fn() -> LocalBoxFuture<'static, Result<(), String>> + Send + Sync;

/// The state of one service instance, shared by the lifecycle and the admin port.
#[derive(Clone, Default)]
pub struct Health {
    draining: Arc<AtomicBool>,
    probes: Vec<(&'static str, Arc<Probe>)>,
}

/// What a readiness probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "status")]
pub enum Readiness {
    /// Give it traffic.
    Ready,
    /// It is stopping: give it none.
    Draining,
    /// It runs, but these dependencies don't answer. It answers 503 to what needs them.
    Degraded {
        /// Their names.
        down: Vec<&'static str>,
    },
}

impl Health {
    /// Adds a dependency. `probe` has a second to answer and must only read.
    #[must_use]
    pub fn with<D, E>(
        mut self,
        name: &'static str,
        dependency: D,
        probe: impl AsyncFn(&D) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self
    where
        D: Send + Sync + 'static,
        E: fmt::Display,
    {
        let asked = Arc::new((dependency, probe));
        let probe = move || {
            let asked = Arc::clone(&asked);
            Box::pin(async move {
                let (dependency, probe) = &*asked;
                let answer = probe(dependency).await;
                answer.map_err(|error| error.to_string())
            }) as _
        };
        self.probes.push((name, Arc::new(probe)));
        self
    }

    /// From now on the instance asks for no more traffic.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Asks every dependency at once.
    pub async fn readiness(&self) -> Readiness {
        if self.draining.load(Ordering::Relaxed) {
            return Readiness::Draining;
        }
        let answers = join_all(self.probes.iter().map(|(name, probe)| async move {
            let failure = match timeout(PROBE_TIMEOUT, probe()).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => error,
                Err(_) => "no answer in time".to_owned(),
            };
            tracing::warn!(dependency = name, error = failure, "a dependency is down");
            Some(*name)
        }))
        .await;
        let down: Vec<_> = answers.into_iter().flatten().collect();
        if down.is_empty() {
            Readiness::Ready
        } else {
            Readiness::Degraded { down }
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.probes.iter().map(|(name, _)| name).collect();
        f.debug_struct("Health")
            .field("draining", &self.draining)
            .field("probes", &names)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    async fn up(_: &()) -> Result<(), String> {
        Ok(())
    }

    async fn down(_: &()) -> Result<(), &'static str> {
        Err("connection refused")
    }

    async fn hangs(_: &()) -> Result<(), String> {
        pending().await
    }

    #[tokio::test]
    async fn names_what_is_down() {
        let health = Health::default()
            .with("postgres", (), up)
            .with("redis", (), down)
            .with("stripe", (), hangs);
        let down = vec!["redis", "stripe"];
        assert_eq!(health.readiness().await, Readiness::Degraded { down });
    }

    #[tokio::test]
    async fn draining_comes_before_everything() {
        let health = Health::default().with("redis", (), down);
        health.clone().drain();
        assert_eq!(health.readiness().await, Readiness::Draining);
    }

    #[tokio::test]
    async fn ready_when_all_answer() {
        let health = Health::default().with("postgres", (), up);
        assert_eq!(health.readiness().await, Readiness::Ready);
    }

    #[tokio::test]
    async fn a_dependency_is_asked_each_time() {
        let asked = Arc::new(AtomicBool::new(false));
        let health = Health::default().with("redis", asked, async |asked: &Arc<AtomicBool>| {
            let again = asked.swap(true, Ordering::Relaxed);
            if again { Ok(()) } else { Err("not yet") }
        });
        let down = vec!["redis"];
        assert_eq!(health.readiness().await, Readiness::Degraded { down });
        assert_eq!(health.readiness().await, Readiness::Ready);
    }
}
