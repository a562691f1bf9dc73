//! Everything is a Nomad job, and found in Consul.

use serde_json::Value;

use crate::harness::Stack;

const JOBS: [&str; 4] = ["auth", "postgres", "redis", "traefik"];

#[tokio::test]
async fn nomad_runs_them_all() {
    let stack = Stack::get();
    for name in JOBS {
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
    for name in JOBS {
        assert!(services.get(name).is_some(), "{name} is not in {services}");
    }
}

/// The same job files, with production's variables: the exec driver and an artifact.
#[test]
fn nomad_accepts_production() {
    let printed = Stack::get().stack(&["plan-production"]);
    assert!(printed.contains("auth"), "{printed}");
}
