//! When a payment is looked at next.

use std::time::Duration;

use crate::domain::{Payment, Refund, State};

/// How long things may take before somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// An attempt, by whoever began it: making what is needed, confirming, and telling orders.
    pub attempt: Duration,
    /// The buyer, before Stripe is asked what has become of it, in case that a webhook is lost.
    pub action: Duration,
    /// Whoever makes an attempt, to hear from Stripe what a webhook has told already, and to write it.
    pub hint: Duration,
    /// Whoever makes an attempt, to write a success that a webhook tells of, before the webhook is noted.
    pub success: Duration,
    /// Whoever was asked in vain, before being asked again.
    pub retry: Duration,
    /// Stripe, to have a refund made.
    pub refund: Duration,
}

impl Patience {
    /// What fits a gateway that answers within `timeout`.
    #[must_use]
    pub fn with(timeout: Duration) -> Self {
        Self {
            // Two requests after each other, and orders twice.
            attempt: 2 * timeout + Duration::from_secs(8),
            action: Duration::from_secs(15),
            hint: timeout / 4,
            success: timeout / 20,
            retry: Duration::from_secs(2),
            refund: Duration::from_secs(60),
        }
    }

    /// After what time a payment is to be looked at; `None`: when something happens.
    #[must_use]
    pub fn due(&self, payment: &Payment) -> Option<Duration> {
        match (&payment.state, &payment.refund) {
            (State::Attempting { .. }, _) => Some(self.attempt),
            (State::RequiresAction { .. }, _) => Some(self.action),
            (State::Failed(_), _) => payment.leased.then_some(self.retry),
            (State::Succeeded { settled: None }, None) => Some(self.retry),
            (State::Succeeded { .. }, Some(Refund::Due)) => Some(Duration::ZERO),
            (State::Succeeded { .. }, Some(Refund::Pending(_))) => Some(self.refund),
            (State::Succeeded { settled: None }, Some(Refund::Succeeded(_))) => Some(self.retry),
            (State::Succeeded { settled: Some(_) }, None | Some(Refund::Succeeded(_)))
            | (State::Canceled, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ticketing_contracts::internal::Settled;

    use super::*;
    use crate::domain::{Failure, tests::payment};

    #[test]
    fn whatever_is_not_done_with_is_looked_at() {
        let patience = Patience::with(Duration::from_secs(10));
        let due = |state, leased, refund| {
            patience.due(&Payment {
                state,
                leased,
                refund,
                ..payment()
            })
        };
        let settled = |outcome| State::Succeeded { settled: outcome };
        let failed = || State::Failed(Failure::Unavailable);
        assert_eq!(
            due(State::Attempting { told: true }, true, None),
            Some(patience.attempt)
        );
        assert_eq!(due(failed(), true, None), Some(patience.retry));
        assert_eq!(due(failed(), false, None), None);
        assert_eq!(due(settled(None), true, None), Some(patience.retry));
        assert_eq!(due(settled(Some(Settled::Complete)), true, None), None);
        let refund_due = settled(Some(Settled::RefundDue));
        assert_eq!(
            due(refund_due.clone(), true, Some(Refund::Due)),
            Some(Duration::ZERO)
        );
        let made = Some(Refund::Succeeded("re_1".into()));
        assert_eq!(due(refund_due, true, made), None);
        assert_eq!(due(State::Canceled, true, None), None);
    }
}
