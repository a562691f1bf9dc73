//! Counters of this process, for the time without Redis.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota as GovernorQuota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::Quota;

type Limiter = Arc<DefaultKeyedRateLimiter<String>>;

/// One keyed limiter per quota.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalCounters {
    limiters: Arc<Mutex<HashMap<Quota, Limiter>>>,
    clock: DefaultClock,
}

impl LocalCounters {
    /// `None` when the attempt may be made, else the time to wait.
    pub(super) fn count(&self, key: &str, quota: Quota) -> Option<Duration> {
        let limiter = self.limiter(quota);
        let refused = limiter.check_key(&key.to_owned()).err()?;
        Some(refused.wait_time_from(self.clock.now()))
    }

    pub(super) fn forget_old(&self) {
        let limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        for limiter in limiters.values() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn limiter(&self, quota: Quota) -> Limiter {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let period = GovernorQuota::with_period(quota.interval());
            // An interval is never zero; one a second is the answer to a bug.
            let period = period.unwrap_or(GovernorQuota::per_second(quota.burst()));
            Arc::new(RateLimiter::keyed(period.allow_burst(quota.burst())))
        };
        Arc::clone(limiters.entry(quota).or_insert_with(make))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_passes_and_the_next_waits() {
        let counters = LocalCounters::default();
        let quota: Quota = "3/30m".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(counters.count("ann", quota), None);
        }
        let wait = counters.count("ann", quota).unwrap();
        assert!(
            wait <= Duration::from_secs(600) && wait > Duration::from_secs(590),
            "{wait:?}"
        );
        assert_eq!(counters.count("bob", quota), None);
    }

    #[test]
    fn a_limiter_without_recent_keys_is_emptied() {
        let counters = LocalCounters::default();
        let quota: Quota = "1/1ms".parse().unwrap();
        assert_eq!(counters.count("ann", quota), None);
        let limiter = counters.limiter(quota);
        while !limiter.is_empty() {
            counters.forget_old();
        }
    }
}
