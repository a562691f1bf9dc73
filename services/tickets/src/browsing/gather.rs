//! Reads that come while one is in flight are answered together by the next.
//!
//! Under a rush thousands read the same few rows at once, and a statement for many costs little more than
//! one for one. Nobody waits for company: what finds nothing in flight goes at once. And nobody is answered
//! by a statement that began before the question came, so that whoever has changed something sees it.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    future::Future,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::FutureExt;
use tokio::{runtime::Handle, sync::oneshot};

use crate::error::Error;

/// Where answers come from.
pub(super) trait Source: Send + Sync + 'static {
    /// What questions must have in common to be answered together.
    type Lane: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is asked.
    type Question: Send + 'static;
    /// To all the questions of a lane; each asker picks its own. Cheap to clone.
    type Answer: Clone + Send + 'static;

    /// Answers questions of one lane.
    fn answer(
        &self,
        lane: &Self::Lane,
        questions: Vec<Self::Question>,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Gathers questions to a source. Cheap to clone.
pub(super) struct Gather<S: Source> {
    shared: Arc<Shared<S>>,
    /// Not that of a worker of the server, which may end before the others have their answers.
    runtime: Handle,
}

struct Shared<S: Source> {
    source: S,
    /// Those that have a statement in flight, with the questions that came since it began.
    busy: Mutex<HashMap<S::Lane, Vec<Asked<S>>>>,
}

struct Asked<S: Source> {
    question: S::Question,
    asker: oneshot::Sender<Result<S::Answer, Arc<Error>>>,
}

impl<S: Source> Gather<S> {
    /// Reads on the runtime that this is called on.
    pub(super) fn new(source: S) -> Self {
        let shared = Shared {
            source,
            busy: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            runtime: Handle::current(),
        }
    }

    /// The answer to this question and others of its lane.
    pub(super) async fn ask(
        &self,
        lane: S::Lane,
        question: S::Question,
    ) -> Result<S::Answer, Error> {
        let (asker, answer) = oneshot::channel();
        let asked = Asked { question, asker };
        if let Some(first) = self.shared.join(&lane, asked) {
            // A task of its own: others may wait for it when this asker has gone.
            let task = Arc::clone(&self.shared).answer_all(lane, vec![first]);
            self.runtime.spawn(task);
        }
        match answer.await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Error::Internal("the runtime of a read ended".to_owned())),
        }
    }
}

impl<S: Source> Shared<S> {
    /// Puts a question into the next statement of its lane; gives it back when nothing is in flight there.
    fn join(&self, lane: &S::Lane, asked: Asked<S>) -> Option<Asked<S>> {
        match self.busy().entry(lane.clone()) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(asked);
                None
            }
            Entry::Vacant(idle) => {
                idle.insert(Vec::new());
                Some(asked)
            }
        }
    }

    /// Until nobody waits.
    async fn answer_all(self: Arc<Self>, lane: S::Lane, mut batch: Vec<Asked<S>>) {
        loop {
            let asked = batch.into_iter().map(|asked| (asked.question, asked.asker));
            let (questions, askers): (Vec<_>, Vec<_>) = asked.unzip();
            let answer = AssertUnwindSafe(self.source.answer(&lane, questions));
            let answer = answer.catch_unwind().await.unwrap_or_else(|_| {
                // Or the lane would stay busy for ever.
                Err(Error::Internal("a read panicked".to_owned()))
            });
            let answer = answer.map_err(Arc::new);
            for asker in askers {
                // It may have gone.
                _ = asker.send(answer.clone());
            }
            match self.next_batch(&lane) {
                Some(next) => batch = next,
                None => return,
            }
        }
    }

    fn next_batch(&self, lane: &S::Lane) -> Option<Vec<Asked<S>>> {
        let mut busy = self.busy();
        let waiting = busy.get_mut(lane)?;
        if waiting.is_empty() {
            busy.remove(lane);
            None
        } else {
            Some(std::mem::take(waiting))
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<S::Lane, Vec<Asked<S>>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Source> Clone for Gather<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            runtime: self.runtime.clone(),
        }
    }
}

impl<S: Source> fmt::Debug for Gather<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("busy", &self.shared.busy().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Answers with the questions of each statement, one statement per permit.
    struct Slow {
        permits: Arc<Semaphore>,
        statements: Arc<AtomicUsize>,
    }

    impl Source for Slow {
        type Lane = &'static str;
        type Question = u32;
        type Answer = Vec<u32>;

        async fn answer(&self, lane: &Self::Lane, questions: Vec<u32>) -> Result<Vec<u32>, Error> {
            self.statements.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.unwrap().forget();
            assert_ne!(*lane, "panics");
            if *lane == "fails" {
                return Err(Error::Internal("it failed".into()));
            }
            Ok(questions)
        }
    }

    struct World {
        gather: Gather<Slow>,
        permits: Arc<Semaphore>,
        statements: Arc<AtomicUsize>,
    }

    impl World {
        fn new() -> Self {
            let (permits, statements) = (Arc::new(Semaphore::new(0)), Arc::default());
            let source = Slow {
                permits: Arc::clone(&permits),
                statements: Arc::clone(&statements),
            };
            Self {
                gather: Gather::new(source),
                permits,
                statements,
            }
        }

        fn ask(
            &self,
            lane: &'static str,
            question: u32,
        ) -> tokio::task::JoinHandle<Result<Vec<u32>, Error>> {
            let gather = self.gather.clone();
            tokio::spawn(async move { gather.ask(lane, question).await })
        }

        async fn settle(&self) {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn what_comes_while_one_is_in_flight_is_answered_by_the_next() {
        let world = World::new();
        let first = world.ask("a", 1);
        world.settle().await;
        let later: Vec<_> = [2, 3, 4].map(|n| world.ask("a", n)).into();
        world.settle().await;
        assert_eq!(world.statements.load(Ordering::SeqCst), 1);
        world.permits.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), [1]);
        for answer in join_all(later).await {
            assert_eq!(answer.unwrap().unwrap(), [2, 3, 4]);
        }
        assert_eq!(world.statements.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn lanes_do_not_wait_for_each_other() {
        let world = World::new();
        let (one, other) = (world.ask("a", 1), world.ask("b", 2));
        world.settle().await;
        assert_eq!(world.statements.load(Ordering::SeqCst), 2);
        world.permits.add_permits(2);
        assert_eq!(one.await.unwrap().unwrap(), [1]);
        assert_eq!(other.await.unwrap().unwrap(), [2]);
        assert!(
            world.gather.shared.busy().is_empty(),
            "nothing is kept of it"
        );
    }

    #[tokio::test]
    async fn whoever_goes_leaves_the_others_alone() {
        let world = World::new();
        let first = world.ask("a", 1);
        world.settle().await;
        let (gone, stays) = (world.ask("a", 2), world.ask("a", 3));
        world.settle().await;
        gone.abort();
        first.abort();
        world.permits.add_permits(2);
        assert_eq!(stays.await.unwrap().unwrap(), [2, 3]);
    }

    #[tokio::test]
    async fn a_failure_is_everybodys_and_the_lane_goes_on() {
        for lane in ["fails", "panics"] {
            let world = World::new();
            let first = world.ask(lane, 1);
            world.settle().await;
            let (second, third) = (world.ask(lane, 2), world.ask(lane, 3));
            world.settle().await;
            world.permits.add_permits(2);
            for answer in [first, second, third] {
                assert!(answer.await.unwrap().is_err());
            }
            let again = world.ask(lane, 4);
            world.permits.add_permits(1);
            assert!(again.await.unwrap().is_err(), "it is asked again");
        }
    }
}
