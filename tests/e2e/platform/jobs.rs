//! Everything is a Nomad job, and found in Consul.

use serde_json::Value;
use stack::services::{all_jobs, production_jobs, registered_as};

use crate::harness::Stack;

#[tokio::test]
async fn nomad_runs_them_all() {
    let stack = Stack::get();
    for name in all_jobs() {
        assert_eq!(
            stack.nomad(&format!("job/{name}")).await["Status"],
            "running",
            "{name}"
        );
    }
}

#[tokio::test]
async fn consul_lists_them_all() {
    let stack = Stack::get();
    let url = format!("{}/v1/catalog/services", stack.consul);
    let services: Value = stack
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for name in all_jobs().map(registered_as) {
        assert!(services.get(&name).is_some(), "{name} is not in {services}");
    }
}

/// The same job files, with production's variables: the exec driver and an artifact.
#[test]
fn nomad_accepts_production() {
    let printed = Stack::get().stack(&["plan-production"]);
    for job in production_jobs() {
        assert!(printed.contains(&format!("— {job},")), "{printed}");
    }
    assert!(
        printed.contains("stripe-sim is refused, as it must be"),
        "{printed}"
    );
}
