//! The attempts that this instance is making just now.
//!
//! Stripe tells of a success when it answers whoever asked for it, and that one writes it within
//! milliseconds. To write down what was told as well would be the same work again, so it is waited for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ticketing_contracts::ids::PaymentId;
use tokio::{sync::watch, time::timeout};

use crate::domain::{Payment, State};

/// The `PaymentIntent` that was charged, as soon as that is written.
type Charged = Option<String>;

/// The attempts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct UnderWay(Arc<Mutex<HashMap<PaymentId, watch::Receiver<Charged>>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Making {
    all: UnderWay,
    payment: PaymentId,
    charged: watch::Sender<Charged>,
}

impl UnderWay {
    /// Notes that an attempt is being made.
    #[must_use]
    pub fn begin(&self, payment: PaymentId) -> Making {
        let (charged, seen) = watch::channel(None);
        self.lock().insert(payment, seen);
        Making {
            all: self.clone(),
            payment,
            charged,
        }
    }

    /// Whether an attempt of this payment is being made here, and it is written within `patience` that its
    /// `PaymentIntent` was charged.
    pub async fn writes(&self, payment: PaymentId, intent: &str, patience: Duration) -> bool {
        let seen = self.lock().get(&payment).cloned();
        let Some(mut seen) = seen else {
            return false;
        };
        let written = seen.wait_for(|charged| charged.as_deref() == Some(intent));
        matches!(timeout(patience, written).await, Ok(Ok(_)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PaymentId, watch::Receiver<Charged>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Making {
    /// Ends it, with the payment as it is written.
    pub fn end(self, written: Option<&Payment>) {
        if let Some(payment) = written
            && let State::Succeeded { .. } = payment.state
        {
            self.charged.send_replace(payment.intent.clone());
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        // Another attempt may have begun since.
        if let Some(last) = all.get(&self.payment)
            && last.same_channel(&self.charged.subscribe())
        {
            all.remove(&self.payment);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, poll};
    use ticketing_contracts::internal::Settled;

    use super::*;
    use crate::domain::tests::payment;

    const LONG: Duration = Duration::from_secs(60);

    fn succeeded() -> Payment {
        Payment {
            intent: Some("pi_1".into()),
            state: State::Succeeded {
                settled: Some(Settled::Complete),
            },
            ..payment()
        }
    }

    #[tokio::test]
    async fn a_success_is_waited_for() {
        let (all, payment) = (UnderWay::default(), succeeded());
        let making = all.begin(payment.id);
        let mut told = std::pin::pin!(all.writes(payment.id, "pi_1", LONG));
        let mut other = std::pin::pin!(all.writes(payment.id, "pi_2", LONG));
        assert!(poll!(&mut told).is_pending() && poll!(&mut other).is_pending());
        making.end(Some(&payment));
        assert!(told.await);
        assert!(!other.await, "another one may have been charged as well");
        assert!(all.lock().is_empty());
    }

    #[tokio::test]
    async fn whatever_else_comes_of_it_is_not() {
        let (all, payment) = (UnderWay::default(), payment());
        let id = payment.id;
        assert_eq!(all.writes(id, "pi_1", LONG).now_or_never(), Some(false));
        for written in [None, Some(&payment)] {
            let making = all.begin(id);
            let mut told = std::pin::pin!(all.writes(id, "pi_1", LONG));
            assert!(poll!(&mut told).is_pending());
            making.end(written);
            assert!(!told.await);
        }
        let _making = all.begin(id);
        assert!(!all.writes(id, "pi_1", Duration::from_millis(1)).await);
    }

    #[tokio::test]
    async fn the_end_of_one_is_not_that_of_the_next() {
        let (all, payment) = (UnderWay::default(), succeeded());
        let first = all.begin(payment.id);
        let second = all.begin(payment.id);
        first.end(None);
        let mut told = std::pin::pin!(all.writes(payment.id, "pi_1", LONG));
        assert!(poll!(&mut told).is_pending());
        second.end(Some(&payment));
        assert!(told.await);
    }
}
