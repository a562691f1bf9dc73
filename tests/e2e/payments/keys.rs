//! Who charges: Stripe, when its keys are in the environment of `stack up`, else the simulator.

use ticketing_contracts::api::payments::PaymentConfig;
use ticketing_testkit::{engine::run, eventually};

use crate::harness::{Stack, finally};

const KEYS: [(&str, &str); 3] = [
    ("STRIPE_KEY", "sk_test_end_to_end"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_end_to_end"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_end_to_end"),
];

/// `up` with the keys, one of them set otherwise; what it complains of.
fn complaint(setting: &str, value: &str) -> String {
    let mut up = Stack::get().command(&["up"]);
    let output = up.envs(KEYS).env(setting, value).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        value.is_empty() || !complaint.contains(value),
        "{complaint}"
    );
    complaint
}

#[test]
fn a_live_key_and_a_missing_one_are_refused() {
    let live = complaint("STRIPE_KEY", "sk_live_end_to_end");
    assert!(live.contains("STRIPE_KEY is a live key"), "{live}");
    let missing = complaint("STRIPE_WEBHOOK_SECRET", "");
    assert!(
        missing.contains("missing: STRIPE_WEBHOOK_SECRET"),
        "{missing}"
    );
}

/// And back: the simulator remembers what it has charged.
#[tokio::test(flavor = "multi_thread")]
async fn stripes_keys_end_the_simulator() {
    let stack = Stack::get();
    let people = stack.people(2).await;
    let ticket = people[0].sell("Remembered", 1).await;
    let order = people[1].gets(ticket.id, 1).await;
    people[1].paid(order.id, "tok_visa").await;

    let back = async {
        stack.stack(&["up"]);
        // Until then it may be one with the keys that is asked to pay.
        stack
            .all_run_with("payments", &[("STRIPE_SIMULATED", "true")])
            .await;
    };
    finally(by_stripe(&stack), back).await;

    assert_eq!(stack.passing("stripe-sim").await.len(), 1);
    assert!(config(&stack).await.simulated);
    assert_eq!(stack.simulator().charges(order.id).await, 1);
}

async fn by_stripe(stack: &Stack) {
    let said = run(stack.command(&["up"]).envs(KEYS)).unwrap();
    assert!(said.contains("Payments go to Stripe's test mode"), "{said}");
    stack
        .all_run_with("payments", &[("STRIPE_SIMULATED", "false")])
        .await;
    eventually("the simulator is gone", async || {
        stack.passing("stripe-sim").await.is_empty().then_some(())
    })
    .await;
    let status = stack.stack(&["status"]);
    assert!(
        status.contains("payments") && !status.contains("stripe-sim"),
        "{status}"
    );
    let restart = stack.command(&["restart", "stripe-sim"]).output().unwrap();
    let refused = String::from_utf8(restart.stderr).unwrap();
    assert!(refused.contains("payments go to Stripe"), "{refused}");
    let config = config(stack).await;
    assert_eq!(
        (
            config.simulated,
            config.publishable_key.as_str(),
            config.stripe_js.as_str()
        ),
        (false, "pk_test_end_to_end", "https://js.stripe.com/v3/")
    );
}

/// Past Traefik, which may know the instance before it for a moment.
async fn config(stack: &Stack) -> PaymentConfig {
    let instances = stack.passing("payments").await;
    assert_eq!(instances.len(), 1);
    let url = format!("http://{}/api/payments/config", instances[0]);
    stack
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}
