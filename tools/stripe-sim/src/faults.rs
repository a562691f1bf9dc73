//! What goes wrong on purpose.
//!
//! *Before* and *after* are seen from the effect: a failure before it has changed nothing, one after it
//! has charged. Either is kept under the request's idempotency key, as Stripe keeps a failure of its own.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::operation::Operation;

/// `PUT /sim/faults`: all that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Plan {
    /// How long every request of Stripe's API takes.
    pub latency_ms: u64,
    /// How long after what has happened its webhook is sent.
    pub webhook_delay_ms: u64,
    /// Whether webhooks are sent; those that are held back are sent once they are again.
    pub webhooks: bool,
    /// The first that fits a request, and is not used up, applies to it.
    pub rules: Vec<Rule>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            webhook_delay_ms: 0,
            webhooks: true,
            rules: Vec::new(),
        }
    }
}

/// What goes wrong with some requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Which requests.
    pub route: Route,
    /// What.
    pub fault: Fault,
    /// How long it hangs, or how long a refund is pending.
    #[serde(default = "half_a_minute")]
    pub seconds: u32,
    /// How often it applies; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only to requests about the payment of this order (its metadata `orderId`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Whether a failure before the effect is kept under the key. If not, a repeat is done.
    #[serde(default = "yes")]
    pub stored: bool,
}

fn half_a_minute() -> u32 {
    30
}

fn yes() -> bool {
    true
}

/// Which requests: an operation, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Route {
    /// One operation.
    One(Operation),
    /// Any of them.
    Any(Any),
}

/// The word `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Any {
    /// Any of them.
    Any,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 500, and nothing was done.
    ErrorBefore,
    /// It was done, and 500.
    ErrorAfter,
    /// 429: nothing was done, and nothing is kept.
    RateLimit,
    /// It was done; the answer comes late.
    Hang,
    /// It is done late, and then answered. The key is in use until then.
    HangBefore,
    /// The connection is closed, and nothing was done.
    DropBefore,
    /// It was done, and the connection is closed.
    DropAfter,
    /// The refund is pending for a while, and then succeeds.
    Pending,
    /// The refund is pending for a while, and then fails.
    PendingFails,
}

/// The plan, and how much of it is left.
#[derive(Debug)]
pub struct Faults {
    plan: Mutex<Plan>,
    webhooks: watch::Sender<bool>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            plan: Mutex::default(),
            webhooks: watch::Sender::new(true),
        }
    }
}

impl Faults {
    /// The plan as it is now: rules that are used up have `times` 0.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.lock().clone()
    }

    /// Replaces the plan.
    pub fn set(&self, plan: Plan) {
        self.webhooks.send_replace(plan.webhooks);
        *self.lock() = plan;
    }

    /// Adds rules to the plan.
    pub fn add(&self, rules: Vec<Rule>) {
        self.lock().rules.extend(rules);
    }

    /// How long every request takes.
    #[must_use]
    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.lock().latency_ms)
    }

    /// How long a webhook waits.
    #[must_use]
    pub fn webhook_delay(&self) -> Duration {
        Duration::from_millis(self.lock().webhook_delay_ms)
    }

    /// Whether webhooks are sent, and when that changes.
    #[must_use]
    pub fn webhooks(&self) -> watch::Receiver<bool> {
        self.webhooks.subscribe()
    }

    /// The rule that applies to a request, which is used once by that. `order` tells which order's payment
    /// the request is about, and is asked only if a rule wants to know.
    pub fn take(&self, operation: Operation, order: impl Fn() -> Option<String>) -> Option<Rule> {
        let mut plan = self.lock();
        if plan.rules.is_empty() {
            return None;
        }
        let fits = |rule: &&mut Rule| {
            let route = match rule.route {
                Route::One(one) => one == operation,
                Route::Any(Any::Any) => true,
            };
            let sense = operation == Operation::Refund
                || !matches!(rule.fault, Fault::Pending | Fault::PendingFails);
            route
                && sense
                && rule.times != Some(0)
                && (rule.order_id.is_none() || rule.order_id == order())
        };
        let rule = plan.rules.iter_mut().find(fits)?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(plan: &str) -> Faults {
        let faults = Faults::default();
        faults.set(serde_json::from_str(plan).unwrap());
        faults
    }

    fn taken(faults: &Faults, operation: Operation, order: &str) -> Option<Fault> {
        let rule = faults.take(operation, || Some(order.to_owned()));
        rule.map(|rule| rule.fault)
    }

    #[test]
    fn a_rule_is_used_up() {
        let plan = r#"{"rules": [{"route": "confirm", "fault": "drop-after", "times": 2},
                                 {"route": "any", "fault": "rate-limit"}]}"#;
        let faults = faults(plan);
        let confirm = || taken(&faults, Operation::Confirm, "");
        assert_eq!(confirm(), Some(Fault::DropAfter));
        assert_eq!(confirm(), Some(Fault::DropAfter));
        assert_eq!(confirm(), Some(Fault::RateLimit));
        assert_eq!(
            taken(&faults, Operation::Cancel, ""),
            Some(Fault::RateLimit)
        );
    }

    #[test]
    fn a_rule_can_be_about_one_order() {
        let plan = r#"{"rules": [{"route": "confirm", "fault": "hang", "orderId": "a"}]}"#;
        let faults = faults(plan);
        assert_eq!(taken(&faults, Operation::Confirm, "b"), None);
        assert_eq!(taken(&faults, Operation::Confirm, "a"), Some(Fault::Hang));
    }

    #[test]
    fn refunds_alone_are_pending() {
        let faults = faults(r#"{"rules": [{"route": "any", "fault": "pending"}]}"#);
        assert_eq!(taken(&faults, Operation::Confirm, ""), None);
        assert_eq!(taken(&faults, Operation::Refund, ""), Some(Fault::Pending));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for plan in [
            r#"{"rules": [{"route": "nowhere", "fault": "hang"}]}"#,
            r#"{"rules": [{"route": "confirm", "fault": "earthquake"}]}"#,
            r#"{"rules": [{"route": "confirm"}]}"#,
            r#"{"latency": 5}"#,
        ] {
            assert!(serde_json::from_str::<Plan>(plan).is_err(), "{plan}");
        }
    }
}
