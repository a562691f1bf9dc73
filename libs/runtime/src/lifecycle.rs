//! Start, stop and the time between: who is told to stop, in what order, and for how long it is
//! waited for.
//!
//! SIGTERM (or Ctrl-C) cancels the *soft* token: readiness goes off, nothing new is accepted, what
//! is in flight is finished. When all tasks have ended the process does. At the deadline, or at a
//! second signal, the *hard* token drops what is left.

use std::{
    future::{Future, ready},
    time::Duration,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
    time::{interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long tasks get to react to the hard token before the process ends without them.
const HARD_GRACE: Duration = Duration::from_secs(2);

/// Between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// The tokens and the tasks of one running service.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    deadline: Duration,
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Everything in flight was finished.
    Clean,
    /// The deadline passed, or a second signal came, and work was dropped.
    Forced,
}

impl Lifecycle {
    /// A service that gets `deadline` to finish what is in flight.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        let soft = CancellationToken::new();
        Self {
            soft,
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
            deadline,
        }
    }

    /// Cancelled when the service should stop taking new work.
    #[must_use]
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when the service should drop what it has in hand.
    #[must_use]
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Runs a task that the shutdown waits for.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Does `work` at once and then every `period`, until the soft token. What was begun is finished.
    pub fn every<F>(&self, period: Duration, mut work: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let soft = self.soft.clone();
        self.spawn(async move {
            let mut rounds = interval(period);
            while soft.run_until_cancelled(rounds.tick()).await.is_some() {
                work().await;
            }
        });
    }

    /// The same every few seconds, for chores that take no time: publishing figures, forgetting what is
    /// old.
    pub fn keep_house(&self, mut chores: impl FnMut() + Send + 'static) {
        self.every(HOUSEKEEPING, move || {
            chores();
            ready(())
        });
    }

    /// Waits for a signal (or for somebody to cancel the soft token), then shuts down.
    pub async fn run_until_signal(&self, mut signals: Signals) -> Shutdown {
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "stopping"),
            () = self.soft.cancelled() => tracing::info!("stopping"),
        }
        self.shut_down(async { _ = signals.next().await }).await
    }

    /// Soft, then hard at the deadline or when `impatient` is done.
    pub async fn shut_down(&self, impatient: impl Future<Output = ()>) -> Shutdown {
        self.soft.cancel();
        self.tasks.close();
        let outcome = tokio::select! {
            () = self.tasks.wait() => Shutdown::Clean,
            () = tokio::time::sleep(self.deadline) => Shutdown::Forced,
            () = impatient => Shutdown::Forced,
        };
        self.hard.cancel();
        if outcome == Shutdown::Forced {
            tracing::warn!(tasks = self.tasks.len(), "dropping what is still in flight");
            _ = timeout(HARD_GRACE, self.tasks.wait()).await;
        }
        outcome
    }
}

/// SIGTERM and SIGINT, from the moment on that they are installed.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over. To be called before a service answers anything, so that none ends it
    /// without a shutdown.
    ///
    /// # Errors
    /// When the handlers can't be installed.
    pub fn install() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::{sync::mpsc::unbounded_channel, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn what_is_in_flight_is_finished() {
        let lifecycle = Lifecycle::new(Duration::from_secs(3600));
        let soft = lifecycle.soft().clone();
        let work = lifecycle.spawn(async move {
            soft.cancelled().await;
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            "finished"
        });
        assert_eq!(lifecycle.shut_down(pending()).await, Shutdown::Clean);
        assert_eq!(work.await.unwrap(), "finished");
    }

    #[tokio::test]
    async fn the_deadline_ends_what_does_not_end() {
        let lifecycle = Lifecycle::new(Duration::from_millis(10));
        let hard = lifecycle.hard().clone();
        let work = lifecycle.spawn(async move {
            hard.cancelled().await;
            "dropped"
        });
        assert_eq!(lifecycle.shut_down(pending()).await, Shutdown::Forced);
        assert_eq!(work.await.unwrap(), "dropped");
    }

    #[tokio::test]
    async fn a_second_signal_does_not_wait_for_the_deadline() {
        let lifecycle = Lifecycle::new(Duration::from_secs(3600));
        let hard = lifecycle.hard().clone();
        lifecycle.spawn(async move { hard.cancelled().await });
        assert_eq!(lifecycle.shut_down(ready(())).await, Shutdown::Forced);
    }

    #[tokio::test]
    async fn rounds_are_made_at_once_and_again_and_the_last_is_finished() {
        let lifecycle = Lifecycle::new(Duration::from_secs(3600));
        let (tell, mut told) = unbounded_channel();
        lifecycle.every(Duration::from_millis(1), move || {
            let tell = tell.clone();
            async move {
                _ = tell.send("begun");
                yield_now().await;
                _ = tell.send("finished");
            }
        });
        for expected in ["begun", "finished", "begun"] {
            assert_eq!(told.recv().await, Some(expected));
        }
        assert_eq!(lifecycle.shut_down(pending()).await, Shutdown::Clean);
        let mut last = None;
        while let Some(word) = told.recv().await {
            last = Some(word);
        }
        assert_eq!(last, Some("finished"));
    }
}
